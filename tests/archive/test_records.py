"""What one file says of itself, where a mistake in reading it would be seen nowhere else."""

from __future__ import annotations

import pytest

from analysis.python.record import FileRecord, dump_record, load_record, read_record
from analysis.python.values import Choice, Constant, SequenceValue, possible

NOTHING_ELSE = "    raise AttributeError(name)\n"


def record(text: str) -> FileRecord:
    found = read_record(text.encode(), (3, 11))
    assert found.fault is None
    return found


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        (f"def __getattr__(name):\n    if name == 'a':\n        return 1\n{NOTHING_ELSE}", ("a",)),
        (f"def __getattr__(name):\n    if name in ('a', 'b'):\n        return 1\n{NOTHING_ELSE}", ("a", "b")),
        ("def __getattr__(*names):\n    raise AttributeError(names[0])\n", None),
        (f"def __getattr__(name, other=None):\n{NOTHING_ELSE}", None),
        (f"def __getattr__(name):\n{NOTHING_ELSE}def __getattr__(name):\n    return 1\n", None),
    ],
)
def test_which_names_a_module_answers(text: str, answers: tuple[str, ...] | None) -> None:
    assert record(text).answers == answers


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("def __getattr__(name):\n    from . import part\n    return part\n", (("part", 2),)),
        ("def __getattr__(*names):\n    from . import part\n    return part\n", ()),
        ("def f(): ...\n", ()),
    ],
)
def test_what_a_module_asks_of_itself(text: str, asked: tuple[tuple[str, int], ...]) -> None:
    assert record(text).asks_itself == asked


@pytest.mark.parametrize(
    ("condition", "guarded"),
    [
        ("importlib.util.find_spec('tool')", True),
        ("THERE", True),
        ("os.environ.get('TOOL')", False),
        ("len(os.environ) > 3 and not os.getenv('TOOL')", False),
    ],
)
def test_which_conditions_guard_an_import(condition: str, guarded: bool) -> None:
    found = record(
        f"import importlib.util, os\ntry:\n    import tool\n    THERE = True\nexcept ImportError:\n    THERE = False\nif {condition}:\n    import late\n"
    )
    (late,) = [each for each in found.imports if each.module == "late"]
    assert ("ImportError" in late.catches) is guarded


@pytest.mark.parametrize(
    ("text", "unbound"),
    [
        ("x: Nowhere = 1\n", ["Nowhere"]),
        ("class C:\n    x: Nowhere\n", ["Nowhere"]),
        ("def f():\n    x: Nowhere = 1\n", []),
        ("def f():\n    x: int = nowhere\n", ["nowhere"]),
        ("def f():\n    return nowhere\n    nothing\n", ["nowhere"]),
        ("def f():\n    raise nowhere\n    nothing\n", ["nowhere"]),
        ("from __future__ import annotations\nx: Nowhere = 1\n", []),
        ("from __future__ import annotations\nclass C:\n    x: Nowhere\n", []),
    ],
)
def test_which_annotations_are_evaluated(text: str, unbound: list[str]) -> None:
    assert [each.name for each in record(text).unbound] == unbound


def test_a_call_says_whether_its_arguments_are_all_there_are() -> None:
    calls = record(
        "from tools import f\nf(1, b=2)\nf(*[1])\nf(**{'b': 1})\nclass C:\n    def m(self):\n        super().m(1)\n"
    ).calls
    assert [(each.line, each.exact) for each in calls if each.line != 7] == [(2, True), (3, False), (4, False)]
    assert {each.exact for each in calls if each.line == 7 and each.arguments} == {False}


@pytest.mark.parametrize(
    "text",
    [
        "X = ...\nY = 1j\nZ = b'bytes'\nW = 'text', 1.5, True, None\n",
        "def f(a, b=..., *c, d=2j, **e):\n    return ...\nf(1j, ..., d=b'')\n",
        "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    a: int\n    b: list = field(default_factory=list)\nC(1)\n",
    ],
)
def test_a_record_is_kept_as_it_is(text: str) -> None:
    assert load_record(dump_record(record(text))) == record(text)


def test_what_no_value_stands_for_is_not_known() -> None:
    values = record("X = ...\nY = 1j\nZ = b'bytes'\n").values
    assert {**values} == {"Z": Constant(b"bytes")}


@pytest.mark.parametrize(
    ("subject", "cases", "loaded"),
    [
        ("sys.platform", "case 'linux': import one\n    case _: import two\n", ["one"]),
        ("sys.platform", "case 'win32': import one\n    case _: import two\n", ["two"]),
        ("sys.platform", "case 'linux' if perhaps: import one\n    case _: import two\n", ["one", "two"]),
        ("os.getenv('X')", "case 'a': import one\n    case _: import two\n", ["one", "two"]),
    ],
)
def test_which_cases_can_match(subject: str, cases: str, loaded: list[str]) -> None:
    imports = record(f"import os, sys\nmatch {subject}:\n    {cases}").imports
    assert [each.module for each in imports if each.module not in ("os", "sys")] == loaded


@pytest.mark.parametrize(
    ("arguments", "words"),
    [("'a \"b c\"'", ["a", "b c"]), ("'a b', True", ["a", "b"]), ("'a b', posix=False", ["a", "b"]), ("'a \"b'", None)],
)
def test_a_text_is_split_as_a_shell_does(arguments: str, words: list[str] | None) -> None:
    value = record(f"import shlex\nX = shlex.split({arguments})\n").values.get("X")
    assert value == SequenceValue(tuple(map(Constant, words))) if words else not isinstance(value, SequenceValue)


A, B = Constant("a"), Constant("b")
SET = "mode = 'a'\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"{SET}def f():\n    mode = 'b'\n", [A]),
        (f"{SET}def f():\n    global mode\n    mode = 'b'\n", [A, B]),
        (f"{SET}def f():\n    if g:\n        global mode\n        mode = 'b'\n", [A, B]),
        (f"{SET}def f():\n    mode = 'c'\n    def g():\n        global mode\n        mode = 'b'\n", [A, B]),
        (f"{SET}def f():\n    mode = 'c'\n    class G:\n        global mode\n", [A]),
        (f"{SET}def f():\n    mode = 'c'\n    def g():\n        nonlocal mode\n        mode = 'b'\n", [A]),
        ("def f():\n    mode = 'c'\n    def g():\n        nonlocal mode\n        mode = 'b'\n", []),
    ],
)
def test_what_a_name_of_the_module_is_where_functions_have_it_too(text: str, value: list[Constant]) -> None:
    assert [*possible(record(text).values.get("mode", Choice(())))] == value


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        ("    def g():\n        mode = 'b'\n", [A]),
        ("    def g():\n        nonlocal mode\n        mode = 'b'\n", [A, B]),
        (
            "    def g():\n        nonlocal mode\n        def h():\n            nonlocal mode\n            mode = 'b'\n",
            [A, B],
        ),
    ],
)
def test_what_a_function_returns_that_others_inside_set(inner: str, value: list[Constant]) -> None:
    found = record(f"def f():\n    mode = 'a'\n{inner}    return mode\n")
    assert [*possible(found.returns["f"])] == value


@pytest.mark.parametrize(
    ("text", "lasts"),
    [
        ("v = ['a']\nx, = [v]\n", True),
        ("v = ['a']\nx, = [v]\nx.append('b')\n", False),
        ("v = ['a']\n(x, y), z = v, 1\nx.append('b')\n", False),
    ],
)
def test_what_is_changed_by_the_name_of_a_part_is_changed(text: str, lasts: bool) -> None:
    known = SequenceValue((A,))
    assert ([*possible(record(text).values["v"])] == [known]) is lasts


@pytest.mark.parametrize(
    ("text", "required", "accepted"),
    [
        ("def f(): ...\n", 0, 0),
        ("def f(x, y=1, /, z=2): ...\n", 1, 3),
        ("def f(*x): ...\n", 0, 99),
        ("def f(x, *, y, z=1): ...\n", 2, 1),
        ("def f(**x): ...\n", 0, 0),
    ],
)
def test_how_many_arguments_a_function_needs_and_takes(text: str, required: int, accepted: int) -> None:
    ((_, found),) = record(text).functions
    assert (found.required, found.accepted) == (required, accepted)


@pytest.mark.parametrize(
    ("text", "making"),
    [
        ("class C:\n    def __init__(self, a): ...\n", "by __init__"),
        ("class C(B): ...\n", "by __init__"),
        ("class C(metaclass=B): ...\n", "otherwise"),
        ("class C:\n    def __new__(cls): ...\n", "otherwise"),
        ("import typing\nclass C(typing.NamedTuple):\n    a: int\n", "by fields"),
    ],
)
def test_how_an_object_of_a_class_is_made(text: str, making: str) -> None:
    assert record(text).classes["C"].making == making
