import yaml


def connect():
    return yaml
