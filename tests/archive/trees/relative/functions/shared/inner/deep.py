from . import sister
from ..top import value
from .sister import other
