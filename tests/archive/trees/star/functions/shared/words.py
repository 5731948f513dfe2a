from shared.more import *
_hidden = 1
