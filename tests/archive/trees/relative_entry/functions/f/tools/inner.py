from .. import helper
from main.shared.words import WORD


def word():
    return WORD and helper.answer()
