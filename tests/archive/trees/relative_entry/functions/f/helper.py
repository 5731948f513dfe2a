from .shared.words import WORD


def answer():
    return WORD
