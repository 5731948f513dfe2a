"""Other names for what imports: through variables, arguments, wrappers, classes, the library's own ways."""

from __future__ import annotations

FORMS: dict[str, dict[str, dict[str, str]]] = {
    "aliases": {
        "sound": {
            "enum one": "import importlib, enum\nclass J(str, enum.Enum):\n    A = 'jobs.alpha'\nimportlib.import_module(J.A.value).run()",
            "enum values": "import importlib, enum\nclass J(enum.Enum):\n    A = 'jobs.alpha'\n    B = 'jobs.beta'\nfor j in J:\n    importlib.import_module(j.value).run()",
            "star args": "import importlib\ndef f(*a):\n    return importlib.import_module(*a)\nf('jobs.alpha').run()",
            "alias through partial 2": "import importlib, functools\nf = functools.partial(importlib.import_module)\nf('jobs.alpha').run()",
            "alias through tuple": "import importlib\nload, other = importlib.import_module, print\nload('jobs.alpha').run()",
            "alias through dict": "import importlib\nT = {'load': importlib.import_module}\nT['load']('jobs.alpha').run()",
            "alias through partial": "import importlib, functools\nf = functools.partial(importlib.import_module, 'jobs.alpha')\nf().run()",
            "alias through default arg": "import importlib\ndef f(n='jobs.alpha', load=importlib.import_module):\n    return load(n)\nf().run()",
            "alias through return": "import importlib\ndef get():\n    return importlib.import_module\nget()('jobs.alpha').run()",
            "alias through global": "import importlib\nLOAD = None\ndef init():\n    global LOAD\n    LOAD = importlib.import_module\ninit()\nLOAD('jobs.alpha').run()",
            "alias through for": "import importlib\nfor f in (importlib.import_module, __import__):\n    f('helper').work(1)",
            "alias through walrus": "import importlib\n(load := importlib.import_module)('jobs.alpha').run()",
            "alias through getattr": "import importlib\nname = 'import_module'\ngetattr(importlib, name)('jobs.alpha').run()",
            "alias through attrgetter": "import importlib, operator\noperator.attrgetter('import_module')(importlib)('jobs.alpha').run()",
            "alias through methodcaller": "import importlib, operator\noperator.methodcaller('import_module', 'jobs.alpha')(importlib).run()",
            "alias through __dict__": "import importlib\nimportlib.__dict__['import_module']('jobs.alpha').run()",
            "alias through vars": "import importlib\nvars(importlib)['import_module']('jobs.alpha').run()",
            "alias through sys.modules": "import importlib, sys\nsys.modules['importlib'].import_module('jobs.alpha').run()",
            "builtins module": "import builtins\nbuiltins.__import__('helper').work(1)",
            "__builtins__": "b = __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__)\nb['__import__']('helper').work(1)",
            "decorator wraps load": "import importlib, functools\ndef deco(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k)\n    return inner\n@deco\ndef load(n):\n    return importlib.import_module(n)\nload('jobs.alpha').run()",
            "thread pool": "import importlib\nfrom concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as p:\n    print(p.submit(importlib.import_module, 'jobs.alpha').result().run())",
            "pool map": "import importlib\nfrom concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as p:\n    print([m.run() for m in p.map(importlib.import_module, ['jobs.alpha', 'jobs.beta'])])",
            "thread": "import importlib, threading\nt = threading.Thread(target=importlib.import_module, args=('jobs.alpha',))\nt.start()\nt.join()\nimport sys\nassert 'jobs.alpha' in sys.modules",
            "inherit attr": "import importlib\nclass B:\n    name = 'jobs.alpha'\n    def go(self):\n        return importlib.import_module(self.name)\nclass C(B):\n    name = 'jobs.beta'\nC().go().run()",
        },
        "not known": {
            "alias through class attr": "import importlib\nclass L:\n    load = staticmethod(importlib.import_module)\nL.load('jobs.alpha').run()",
            "alias through lambda": "import importlib\nf = lambda n: importlib.import_module('jobs.' + n)\nf('alpha').run()",
            "alias through self": "import importlib\nclass A:\n    def __init__(self):\n        self.load = importlib.import_module\n    def go(self):\n        return self.load('jobs.alpha')\nA().go().run()",
            "kwargs": "import importlib\ndef f(**k):\n    return importlib.import_module(**k)\nf(name='jobs.alpha').run()",
            "apply": "import importlib\ndef apply(f, *a):\n    return f(*a)\napply(importlib.import_module, 'jobs.alpha').run()",
            "dataclass field": "import importlib\nfrom dataclasses import dataclass\n@dataclass\nclass J:\n    name: str = 'jobs.alpha'\nimportlib.import_module(J().name).run()",
            "dataclass given": "import importlib\nfrom dataclasses import dataclass\n@dataclass\nclass J:\n    name: str\nimportlib.import_module(J('jobs.alpha').name).run()",
            "namedtuple": "import importlib\nfrom typing import NamedTuple\nclass J(NamedTuple):\n    name: str\nimportlib.import_module(J('jobs.alpha').name).run()",
            "property": "import importlib\nclass J:\n    @property\n    def name(self):\n        return 'jobs.alpha'\nimportlib.import_module(J().name).run()",
            "setattr": "import importlib\nclass J:\n    pass\nj = J()\nj.name = 'jobs.alpha'\nimportlib.import_module(j.name).run()",
            "module attr set": "import importlib, helper\nhelper.VALUE = 'jobs.alpha'\nimportlib.import_module(helper.VALUE).run()",
        },
    },
}  # fmt: skip
