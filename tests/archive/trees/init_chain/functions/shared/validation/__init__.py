from shared.validation.checks import run
from .added import later
