"""Attributes of our own objects and classes, read by names that these have, and by such that they do not."""

from __future__ import annotations

CLASSES = """import abc, enum, functools, typing
from dataclasses import dataclass, field, replace

class Level(enum.Enum):
    LOW = 1
    HIGH = 2
    @property
    def loud(self):
        return self is Level.HIGH

@dataclass(frozen=True)
class Item:
    name: str
    level: Level = Level.LOW
    tags: list = field(default_factory=list)

class Shelf:
    kind: typing.ClassVar[str] = "shelf"
    items: list[Item]
    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self._by_name: dict[str, Item] = {each.name: each for each in items}
    def first(self) -> Item:
        return self.items[0]
    def find(self, name: str) -> Item | None:
        return self._by_name.get(name)
    @property
    def last(self) -> Item:
        return self.items[-1]
    @functools.cached_property
    def size(self) -> int:
        return len(self.items)
    def put(self, item: Item, *, at: int = 0) -> None:
        self.items.insert(at, item)

@dataclass
class Room:
    shelf: Shelf
    spare: Shelf | None = None

ROOM = Room(Shelf([Item("a"), Item("b")]))
"""

FORMS: dict[str, dict[str, dict[str, str]]] = {
    "members": {
        "sound": {
            "fields": CLASSES
            + "def f(room: Room):\n    return room.shelf.first().level.value, room.shelf.last.level.loud\nf(ROOM)",
            "members of an enumeration": CLASSES
            + "Level.HIGH.name, Level.LOW.value, Level.__members__, Level.HIGH.loud",
            "special names": CLASSES
            + "ROOM.__class__, ROOM.__doc__, ROOM.__module__, Room.__name__, Room.mro(), Room.__dataclass_fields__, ROOM.__eq__",
            "rows": "import typing\nclass Row(typing.NamedTuple):\n    a: int\n    b: int = 2\ndef f(row: Row):\n    return row.a, row._asdict(), row._replace(a=2), row.count(1), Row._fields\nf(Row(1))",
            "exceptions": "class E(Exception):\n    pass\ndef f(e: E):\n    return e.args, e.__cause__, e.with_traceback(None)\nf(E('x'))",
            "set by a method": "class A:\n    def open(self):\n        self.handle = 1\n    def read(self):\n        return self.handle\na = A()\na.open()\na.read()",
            "set in a loop": "class A:\n    def open(self):\n        for self.x in [1]:\n            pass\n        with open(__file__) as self.y:\n            pass\n        return self.x, self.y\nA().open()",
            "set in a function inside": "class A:\n    def open(self):\n        def inner():\n            self.x = 1\n        inner()\n        return self.x\nA().open()",
            "set from outside": "class A:\n    pass\na = A()\na.x = 1\ndef f(a: A):\n    return a.x\nf(a)",
            "set by name": "class A:\n    def __init__(self, **given):\n        for name, value in given.items():\n            setattr(self, name, value)\n    def f(self):\n        return self.x\nA(x=1).f()",
            "set by its table": "class A:\n    def __init__(self, **given):\n        self.__dict__.update(given)\n    def f(self):\n        return self.x\nA(x=1).f()",
            "set by vars": "class A:\n    pass\na = A()\nvars(a)['x'] = 1\ndef f(a: A):\n    return a.x\nf(a)",
            "set by the class's base": "class A:\n    def __init__(self):\n        self.x = 1\nclass B(A):\n    def f(self):\n        return self.x\nB().f()",
            "had by those derived": "class A:\n    def f(self):\n        return self.g()\nclass B(A):\n    def g(self):\n        return 1\nB().f()",
            "had by the other half": "class A:\n    def f(self):\n        return self.g()\nclass B:\n    def g(self):\n        return 1\nclass C(A, B):\n    pass\nC().f()",
            "had by the other half, which is made": "import collections\nclass A:\n    def f(self):\n        return self.x\nclass C(A, collections.namedtuple('B', 'x')):\n    pass\nC(1).f()",
            "a setter of a property": "class A:\n    x = 1\nclass B:\n    @property\n    def a(self) -> A:\n        return A()\n    @a.setter\n    def a(self, a: A):\n        pass\nB().a = A()\nB.a.fget",
            "a class that another takes the place of": "import sys\nclass A:\n    pass\nclass B:\n    x = 1\nsys.modules[__name__].A = B\ndef f(a: A):\n    return a.x\nf(A())",
            "told apart around": "class A:\n    pass\nclass B:\n    x = 1\ndef f(a: A):\n    if isinstance(a, B):\n        def g():\n            return a.x\n        return g()\n    return None\nf(B())",
            "overloads": "import typing\nclass A:\n    x = 1\nclass B:\n    y = 1\n@typing.overload\ndef f(a: A) -> A: ...\n@typing.overload\ndef f(a: B) -> B: ...\ndef f(a):\n    return a\nf(A()).x, f(B()).y",
            "announced in a branch": "import typing\nclass A:\n    if typing.TYPE_CHECKING:\n        x: int\n    def f(self):\n        return self.x if self.seen else 0\n    seen = False\nA().f()",
            "made by its table": "class A:\n    for each in 'xy':\n        locals()[each] = 1\n    def f(self):\n        return self.x\nA().f()",
            "given to those below": "class A:\n    def __init_subclass__(cls):\n        cls.x = 1\nclass B(A):\n    def f(self):\n        return self.x\nB().f(), B.x",
            "private": "class A:\n    def __init__(self):\n        self.__x = 1\ndef f(a: A):\n    return a._A__x\nf(A())",
            "a class under a global name": "def f():\n    global A\n    class A:\n        x = 1\n    return A().x\nf()",
            "answered": "class A:\n    def __getattr__(self, name):\n        return 1\ndef f(a: A):\n    return a.x\nf(A())",
            "answered by a base": "class A:\n    def __getattribute__(self, name):\n        return 1\nclass B(A):\n    pass\ndef f(b: B):\n    return b.x\nf(B())",
            "asked for": "class A:\n    pass\ndef f(a: A):\n    if hasattr(a, 'x'):\n        return a.x\n    return getattr(a, 'y', None)\nf(A())",
            "caught": "class A:\n    pass\ndef f(a: A):\n    try:\n        return a.x\n    except AttributeError:\n        return None\nf(A())",
            "caught by the name of its kind": "class A:\n    pass\ndef f(a: A):\n    try:\n        return a.x\n    except (KeyError, AttributeError):\n        return None\nf(A())",
            "of a class that is told apart": "class A:\n    pass\nclass B:\n    x = 1\ndef f(a: A | B):\n    if isinstance(a, B):\n        return a.x\n    return None\nf(A())",
            "of one of two": "class A:\n    pass\nclass B:\n    x = 1\ndef f(b: A | B):\n    return b.x\nf(B())",
            "of a pattern": "class A:\n    pass\nclass B:\n    x = 1\ndef f(a: A):\n    match a:\n        case B():\n            return a.x\n    return None\nf(A())",
            "made by a metaclass": "class M(type):\n    def __new__(m, name, bases, given):\n        return super().__new__(m, name, bases, {**given, 'x': 1})\nclass A(metaclass=M):\n    pass\ndef f(a: A):\n    return a.x\nf(A())",
            "made by a decorator": "def more(cls):\n    cls.x = 1\n    return cls\n@more\nclass A:\n    pass\ndef f(a: A):\n    return a.x\nf(A())",
            "made by a function": "def base():\n    class B:\n        x = 1\n    return B\nclass A(base()):\n    pass\ndef f(a: A):\n    return a.x\nf(A())",
            "of another's class": "import argparse\nclass A(argparse.Namespace):\n    pass\ndef f(a: A):\n    return a.x\nf(A(x=1))",
            "of a string": "class Name(str):\n    def loud(self):\n        return self.upper()\nName('x').loud().lower()",
            "entered as another": "class A:\n    def __enter__(self):\n        return B()\n    def __exit__(self, *given):\n        return None\nclass B:\n    x = 1\nwith A() as a:\n    a.x",
            "made as another": "class B:\n    x = 1\nclass A:\n    def __new__(cls):\n        return B()\nA().x",
            "bound again": "class B:\n    x = 1\nclass A:\n    pass\ndef f(a: A):\n    a = B()\n    return a.x\nf(A())",
            "bound twice": "import sys\nif sys.platform == 'win32':\n    class A:\n        pass\nelse:\n    class A:\n        x = 1\ndef f(a: A):\n    return a.x\nf(A())",
            "of an interface": "import typing\nclass P(typing.Protocol):\n    def a(self): ...\nclass A:\n    x = 1\n    def a(self): ...\ndef f(p: P):\n    return p.x\nf(A())",
            "of a variable of types": "import typing\nT = typing.TypeVar('T')\nclass B:\n    x = 1\ndef f(a: T) -> T:\n    return a\nf(B()).x",
            "of a generic class": "import typing\nT = typing.TypeVar('T')\nclass Box(typing.Generic[T]):\n    def __init__(self, given: T):\n        self.given = given\ndef f(box: Box[int]):\n    return box.given\nf(Box(1))",
            "of an object that another makes": "import contextlib\nclass A:\n    pass\nclass B:\n    x = 1\n@contextlib.contextmanager\ndef made(a: A):\n    yield B()\nwith made(A()) as b:\n    b.x",
            "written for a time": "class A:\n    pass\ndef f(a: 'A', b: 'Unknown' = None):\n    return a.__class__, b\nf(A())",
            "methods": CLASSES
            + "def f(shelf: Shelf):\n    shelf.put(Item('c'), at=1)\n    shelf.put(item=Item('d'))\n    Shelf.put(shelf, Item('e'))\nf(ROOM.shelf)",
            "method with more below": "class A:\n    def go(self): ...\nclass B(A):\n    def go(self, x=1, y=2): ...\ndef f(a: A):\n    return a.go(1, y=2)\nf(B())",
            "method that is handed in": "class A:\n    def __init__(self, go):\n        self.go = go\n    def run(self):\n        return self.go(1, 2)\nA(lambda x, y: x).run()",
            "own method by the class": "class A:\n    @classmethod\n    def of(cls):\n        return cls.go(cls(), 1)\n    def go(self, x): ...\nA.of()",
            "said to be of another class": "import typing\nclass A:\n    pass\nclass B:\n    x = 1\ndef f(a: A):\n    return typing.cast(B, a).x\nf(B())",
            "replaced": CLASSES + "def f(item: Item):\n    return replace(item, name='x').level.value\nf(Item('a'))",
            "in a list": CLASSES
            + "def f(shelves: list[Shelf]):\n    return [each.first().name for each in shelves] + [i.name for s in shelves for i in s.items]\nf([ROOM.shelf])",
            "in a table": CLASSES
            + "def f(by: dict[str, Item]):\n    return by['a'].name, [each.level for each in by.values()], [k.upper() for k in by], [k + v.name for k, v in by.items()]\nf({'a': Item('a')})",
            "in pairs": CLASSES
            + "def f(pairs: tuple[Item, str]):\n    return pairs[1].upper(), pairs[0].name\nf((Item('a'), 'b'))\ndef g(pairs: list[tuple[Item, Shelf]]):\n    return [(a.name, b.size) for a, b in pairs]\ng([(Item('a'), ROOM.shelf)])",
        },
        "refused": {
            "a field that is misspelt": CLASSES + "def f(room: Room):\n    return room.shelf.first().nmae\nf(ROOM)",
            "a method of another class": CLASSES + "def f(room: Room):\n    return room.first()\nf(ROOM)",
            "a field of one's own": "class A:\n    def __init__(self):\n        self.x = 1\n    def f(self):\n        return self.y\nA().f()",
            "a method of one's own": "class A:\n    def f(self):\n        return self._g()\n    def _h(self): ...\nA().f()",
            "a member of an enumeration": CLASSES + "Level.HIHG",
            "a field of a member": CLASSES + "def f(level: Level):\n    return level.quiet\nf(Level.LOW)",
            "a field of a row": "import typing\nclass Row(typing.NamedTuple):\n    a: int\ndef f(row: Row):\n    return row.b\nf(Row(1))",
            "of an object that is made there": CLASSES + "Item('a').nmae",
            "of what a method returns": CLASSES + "ROOM.shelf.first().nmae",
            "of what may be nothing": CLASSES
            + "def f(room: Room):\n    found = room.shelf.find('a')\n    return found.nmae if found is not None else None\nf(ROOM)",
            "of a property": CLASSES + "def f(shelf: Shelf):\n    return shelf.last.nmae\nf(ROOM.shelf)",
            "of each of a list": CLASSES
            + "def f(shelves: list[Shelf]):\n    return [each.frist() for each in shelves]\nf([ROOM.shelf])",
            "of a value of a table": CLASSES
            + "def f(by: dict[str, Item]):\n    return by['a'].nmae\nf({'a': Item('a')})",
            "of each value of a table": CLASSES
            + "def f(by: dict[str, Item]):\n    return [each.nmae for each in by.values()]\nf({'a': Item('a')})",
            "of what is replaced": CLASSES
            + "def f(item: Item):\n    return replace(item, name='x').nmae\nf(Item('a'))",
            "of an annotation that is a text": "class A:\n    x = 1\ndef f(a: 'A | None'):\n    return a.y\nf(A())",
            "of both of two": "class A:\n    x = 1\nclass B:\n    x = 2\ndef f(a: A | B):\n    return a.y\nf(B())",
            "of a field that is handed in": "class A:\n    x = 1\nclass B:\n    def __init__(self, a: A):\n        self._a = a\n    def f(self):\n        return self._a.y\nB(A()).f()",
            "of a keyword's default": "class A:\n    x = 1\ndef f(*, a: A = A()):\n    return a.y\nf()",
            "an argument that a method lacks": CLASSES
            + "def f(shelf: Shelf):\n    shelf.put(Item('c'), place=1)\nf(ROOM.shelf)",
            "an argument that a field's method lacks": CLASSES + "def f(room: Room):\n    room.shelf.put()\nf(ROOM)",
            "an argument that one's own method lacks": "class A:\n    def f(self):\n        return self._g(1)\n    def _g(self): ...\nA().f()",
            "an argument that a method of a base lacks": "class A:\n    def _g(self): ...\nclass B(A):\n    def f(self):\n        return self._g(1)\nB().f()",
        },
    },
}
