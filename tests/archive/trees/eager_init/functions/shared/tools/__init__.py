from shared.tools.part import wanted
