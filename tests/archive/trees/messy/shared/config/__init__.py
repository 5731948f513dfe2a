from shared.config.project import PROJECT
