bound = 1
from . import bound as again
from . import bound
from . import absent
from . import part

try:
    from . import gone
except ImportError:
    gone = None
