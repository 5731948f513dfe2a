"""Modules that ask each other for names while they are loaded, and names that are bound for a while only."""

from __future__ import annotations

FORMS: dict[str, dict[str, dict[str, str]]] = {
    "order of loading": {
        "sound": {
            "asked before": "import asks_a",
            "parts of a package": "from pairs import late_one\nlate_one.late_two.f()",
            "in a branch": "import branch_a",
            "bound before": "import whole_b\nimport whole_a",
            "read late": "import late_a\nlate_a.late_b.x()",
            "started at the other end": "import half_b",
            "of the entry": "LIMIT = 1\nimport half_main",
            "none": "import helper\nimport jobs.alpha",
        },
        "refused": {
            "parts of a package that do not wait": "from pairs import one",
            "attribute": "import half_a",
            "from": "import half_c",
            "by a call": "import half_e",
            "of the entry too late": "import half_main\nLIMIT = 1",
        },
    },
    "names for a while": {
        "sound": {
            "handler name": "def handle(request):\n    err = None\n    try:\n        int('x')\n    except ValueError as e:\n        err = e\n        f = lambda: e\n        f()\n    return str(err)\n",
            "handler rebound": "def handle(request):\n    e = None\n    try:\n        int('1')\n    except ValueError as e:\n        pass\n    return str(e)\n",
            "handler two": "def handle(request):\n    try:\n        int('x')\n    except ValueError as e:\n        try:\n            raise KeyError from e\n        except KeyError as e2:\n            return str(e) + str(e2)\n    except TypeError as e:\n        return str(e)\n    return [e for e in range(3)] and str((lambda e: e)(1))\n",
            "handler closure inside": "def handle(request):\n    try:\n        int('x')\n    except ValueError as exc:\n        def tell():\n            return str(exc)\n        return tell()\n    return ''\n",
            "handler walrus in body": "def handle(request):\n    try:\n        int('x')\n    except ValueError as exc:\n        if (n := str(exc)):\n            m = [k for k in n]\n        global G\n        G = 3\n    return n + str(m) + str(G)\n",
            "del used before": "names = ['a']\ndef make():\n    return [n for n in names]\nTABLE = make()\ndel names\ndef handle(request):\n    return str(TABLE)\n",
            "del both": "import re\ndef _compile(p):\n    return re.compile(p)\nA = _compile('a')\ndel re, _compile\ndef handle(request):\n    return str(A)\n",
            "del in function": "def handle(request):\n    x = 1\n    y = x\n    del x\n    for x in (1, 2):\n        pass\n    return str(x + y)\n",
            "del rebound": "X = 1\ndel X\nX = 2\ndef handle(request):\n    return str(X)\n",
        },
        "refused": {
            "handler name, after it": "def handle(request):\n    try:\n        int('x')\n    except ValueError as e:\n        pass\n    return str(e)\n",
            "handler finally": "def handle(request):\n    try:\n        int('x')\n    except ValueError as exc:\n        pass\n    finally:\n        print(exc)\n    return 'x'\n",
            "handler closure": "def handle(request):\n    try:\n        int('x')\n    except ValueError as exc:\n        pass\n    def tell():\n        return str(exc)\n    return tell()\n",
            "handler method": "class W:\n    def go(self):\n        for i in range(2):\n            try:\n                int('x')\n            except (ValueError, TypeError) as ex:\n                continue\n        return ex\ndef handle(request):\n    return str(W().go())\n",
            "del used later": "TABLE = {'a': 1}\ndel TABLE\ndef handle(request):\n    return str(TABLE)\n",
            "del import later": "import json, os\nCONF = json.loads('{}')\ndel json, os\ndef handle(request):\n    return json.dumps(CONF)\n",
            "del method": "import re\nclass P:\n    def go(self):\n        return re.compile('x')\ndel re\ndef handle(request):\n    return str(P().go())\n",
            "del in function, after it": "def handle(request):\n    x = 1\n    del x\n    return str(x)\n",
        },
    },
}  # fmt: skip
