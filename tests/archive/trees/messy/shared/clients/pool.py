from shared.config.project import PROJECT


def get():
    return PROJECT
