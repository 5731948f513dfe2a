"""Modules that are registered, matched and computed, and names that come and go."""

from __future__ import annotations

FORMS: dict[str, dict[str, dict[str, str]]] = {
    "modules and names by other ways": {
        "sound": {
            "what every module has": "import helper, jobs\nfrom helper import __doc__, __eq__, __builtins__\nhelper.__dict__, helper.__annotations__, helper.__class__, helper.__init__, helper.__spec__, jobs.__path__",
            "a name that another module gives": "import given_types\nfrom given_api import KIND, SORT\nKIND + SORT",
            "a package that a function replaces": "from replaced import made\nmade + 1",
            "registered": "import sys, helper\nsys.modules['old_helper'] = helper\nimport old_helper\nold_helper.work(1)",
            "registered if there is none": "import sys, helper\nsys.modules.setdefault('old_helper', helper)\nfrom old_helper import work\nwork(1)",
            "registered and made": "import sys, types\nvirtual = types.ModuleType('virtual')\nvirtual.x = 1\nsys.modules['virtual'] = virtual\nfrom virtual import x",
            "match on the platform": "import sys\nmatch sys.platform:\n    case 'win32' | 'cygwin':\n        import nowhere\n    case _:\n        import helper\nhelper.work(1)",
            "match on what nobody knows": "import os\nmatch os.environ.get('X'):\n    case 'a':\n        import helper\n    case _:\n        import jobs.alpha\n",
            "partial of an import": "from functools import partial\nimport importlib\nload = partial(importlib.import_module, package='jobs')\nload('.beta').run()",
            "members of an enumeration": "import enum, importlib\nclass K(enum.Enum):\n    A = 'jobs.alpha'\n    B = 'jobs.beta'\n[importlib.import_module(k.value).run() for k in K]",
            "deleted and imported again": "import helper\ndel helper\nimport helper\nhelper.work(1)",
            "used by a function before it is deleted": "import os\ndef _made():\n    return os.sep\nX = _made()\ndel os, _made",
            "an iterable of a class": "class A:\n    n = [1, 2]\n    m = [k for k in n]\nA.m",
            "a handler's name in it": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    x = str(e)\nx",
            "global that a function sets": "def f():\n    global G\n    G = 1\nf()\nG",
            "what is not deleted": "from deleted import kept",
        },
        "refused": {
            "what not every module has": "import helper\nhelper.__version__",
            "a name that no module gives": "import given_types\nfrom given_api import KINDS",
            "a package that no function replaces": "from not_replaced import made",
            "registered too late": "import sys, helper\nimport old_helper\nsys.modules['old_helper'] = helper",
            "registered under another name": "import sys, helper\nsys.modules['old_helpers'] = helper\nimport old_helper",
            "match on a constant": "match 'b':\n    case 'a':\n        import helper\n    case _:\n        import nowhere",
            "partial of an import, not there": "from functools import partial\nimport importlib\nload = partial(importlib.import_module, package='jobs')\nload('.gone').run()",
            "members of an enumeration, not there": "import enum, importlib\nclass K(enum.Enum):\n    A = 'jobs.alpha'\n    B = 'jobs.gone'\n[importlib.import_module(k.value).run() for k in K]",
            "deleted": "for i in (1, 2):\n    pass\ndel i\nx = i",
            "deleted where it is imported from": "from deleted import gone",
            "a comprehension of a class": "class A:\n    n = [1, 2]\n    m = [n for _ in range(2)]",
            "a handler's name after it": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    pass\nx = e",
            "global that nobody sets": "def f():\n    global G\n    return G\nf()",
        },
    },
}  # fmt: skip
