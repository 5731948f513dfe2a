"""What one module uses outside itself, by what it calls and says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from analysis.python.call_sites import CodePlace, argument
from analysis.python.commands import STARTS, commands, is_python
from analysis.python.events import Call, Said
from analysis.python.program import Program
from analysis.python.text_values import shown
from analysis.python.values import CodePath, Constant, Member, Parameter, Text, Thing, Value, possible
from blueprint.archive.sql import is_sql

_REGION = re.compile(
    r"\b(?:us|europe|asia|australia|northamerica|southamerica|me|africa)-(?:north|south|east|west|central)(?:east|west)?\d\b"
)


_PROJECT_NUMBER = re.compile(r"(?<![\w.])\d{11,12}(?![\w])")


_TOPIC = re.compile(r"^projects/[^/]+/topics/(.+)$")


_SECRET = re.compile(r"^projects/[^/]+/secrets/([^/]+)")


_API_HOST = re.compile(r"^https://([a-z]+)\.googleapis\.com")


_TABLE = re.compile(r"^[\w{}-]+(?:\.[\w{}$-]+){1,2}$")


_URL = re.compile(r"https?://[\w{]")


_ENVIRONMENT = {
    f"{environ}.{method}"
    for environ in ("os.environ", "os.environb")
    for method in ("__getitem__", "get", "pop", "setdefault", "__contains__")
} | {"os.getenv", "os.getenvb"}


_TABLES: Mapping[str, tuple[int, str]] = {
    ".insert_rows_json": (0, "table"),
    ".insert_rows": (0, "table"),
    ".insert_rows_from_dataframe": (0, "table"),
    ".get_table": (0, "table"),
    ".load_table_from_json": (1, "destination"),
    ".load_table_from_dataframe": (1, "destination"),
    ".load_table_from_uri": (1, "destination"),
    ".load_table_from_file": (1, "destination"),
}


_ROW_WRITES = {*_TABLES, ".append_rows"} - {".get_table"}


_PLACES = ("location", "region")


@dataclass
class ModuleUses:
    """What one module uses: kind, name and place of each; SQL texts; and what is asked again where callers say more."""

    uses: list[tuple[str, str, CodePlace]] = field(default_factory=list)
    queries: list[tuple[str, CodePlace]] = field(default_factory=list)
    tables: list[tuple[str, bool, CodePlace]] = field(default_factory=list)
    open: list[Said | tuple[str, Call]] = field(default_factory=list)


def settled_uses(program: Program, module: str) -> ModuleUses:
    """Return what reading one module alone tells, whoever calls it; the rest is open."""
    reader = _Reader(program, module, alone=True)
    items: list[Said | tuple[str, Call]] = [*program.said(module), *program.calls(module)]
    for each in items:
        reader.read(each)
    return reader.found


def asked_uses(program: Program, module: str, items: Iterable[Said | tuple[str, Call]]) -> ModuleUses:
    """Return what the open items of a module come to with what its callers and other modules say."""
    reader = _Reader(program, module, alone=False)
    for each in items:
        reader.read(each)
    return reader.found


class _Reader:
    """Reads what one module uses; `alone`, it leaves open what callers or other modules say."""

    def __init__(self, program: Program, module: str, *, alone: bool) -> None:
        self.found = ModuleUses()
        self._program, self._module, self._alone = program, module, alone
        self._depends = False

    def read(self, item: Said | tuple[str, Call]) -> None:
        """Read a text or a call; one that depends on callers counts for nothing yet where they are not asked."""
        found, self._depends = self.found, False
        before = len(found.uses), len(found.queries), len(found.tables)
        if isinstance(item, Said):
            for value, where in self._as_said(item.value, CodePlace(self._module, item.line, item.around)):
                self._said(value, where)
        else:
            self._call(*item)
        if self._depends:
            del found.uses[before[0] :], found.queries[before[1] :], found.tables[before[2] :]
            found.open.append(item)

    def _reached(self, value: Value, place: CodePlace) -> Iterator[tuple[Value, CodePlace]]:
        if self._alone and self._program.linked(value, place.module).given:
            self._depends = True
            return iter(())
        return self._program.reached(value, place)

    def _call(self, callee: str, call: Call) -> None:
        place = CodePlace(self._module, call.line, call.around)
        if callee in _ENVIRONMENT:
            self._names("env", argument(call, 0, "key"), place)
        elif callee in STARTS:
            self._command(callee, call, place)
        elif callee == "shutil.which":
            self._names("commands", argument(call, 0, "cmd"), place)
        else:
            method = f".{callee.rpartition('.')[2].rpartition(':')[2]}"
            handler = _METHODS.get(method)
            if handler is not None and ":" not in callee and "." in callee:
                handler(self, method, call, place)
            if kind := _LOOKED_UP.get((_owner(call.function), method)):
                self._names(kind, argument(call, 0, "key"), place)
            if method in (".__getitem__", ".get", ".pop", ".__contains__", *_TYPED):
                self._setting(call, place, _TYPED.get(method))
            else:
                self._handed_on(callee, call, place)
                self._misread(call, place)
        for name, value in call.keywords:
            if name in _PLACES:
                self._place(value, place)

    def _as_said(self, value: Value, place: CodePlace) -> Iterator[tuple[Value, CodePlace]]:
        """Yield a text with what other files say of it, and where callers say what it names, as each of them makes it."""
        if not isinstance(value, Text):
            yield value, place
            return
        text = shown(value)
        if is_sql(text) or _TOPIC.match(text) or _SECRET.match(text):
            yield from self._reached(value, place)
        else:
            yield self._program.linked(value, place.module), place

    def _names(self, kind: str, value: Value | None, place: CodePlace) -> None:
        """Add each name that a value can be; what a caller gives is added where it gives it."""
        if value is None:
            return
        for given, where in self._reached(value, place):
            for each in possible(given):
                if not (isinstance(each, Parameter) and kind == "env"):  # nobody calls it
                    self.found.uses.append((kind, shown(each), where))

    def _setting(self, call: Call, place: CodePlace, typed: str | None) -> None:
        """Note the key that is read from what is called `settings` where it comes from, whatever it is called here."""
        owner = call.function.owner if isinstance(call.function, Member) else call.function
        if self._holds_settings(owner, place):
            key = argument(call, 0, "name" if typed else "key")
            for kind in filter(None, ("settings", typed)):
                self._names(kind, key, place)

    def _holds_settings(self, value: Value, place: CodePlace) -> bool:
        if not any(isinstance(each, Member | Parameter | Thing) for each in possible(value)):
            return False
        if any(isinstance(each, Member) for each in possible(value)):
            return any(map(_is_settings, possible(value)))
        if self._alone and self._program.linked(value, place.module).given:
            self._depends = True
            return False
        return self._program.may_be("settings", _is_settings, value, place.module)

    def _handed_on(self, callee: str, call: Call, place: CodePlace) -> None:
        """Note that all settings are given to what is not followed: which of them it reads is not known."""
        for value in (*call.arguments, *(each for _, each in call.keywords)):
            direct = any(isinstance(each, Member) and each.name == "settings" for each in possible(value))
            if direct and (":" not in callee or ("**", value) in call.keywords):
                self.found.uses.append(("settings", "{settings}", place))

    def _misread(self, call: Call, place: CodePlace) -> None:
        """Note the text that is given to what settings do not have: a misspelt `duration`."""
        called = call.function
        if not isinstance(called, Member) or hasattr(dict, called.name) or not call.arguments:
            return
        if any(map(_is_settings, possible(called.owner))):
            self._names("misread_settings", call.arguments[0], place)

    def _command(self, callee: str, call: Call, place: CodePlace) -> None:
        if self._alone and any(
            self._program.linked(each, place.module).given for each in (*call.arguments, *(v for _, v in call.keywords))
        ):
            self._depends = True
            return
        for words, where in commands(self._program, callee, call, place):
            for word in possible(words[0]) if words else ():
                text = "python" if is_python(word) else shown(word)
                self.found.uses.append(("commands", text.split()[0] if text.split() else text, where))

    def _place(self, value: Value, place: CodePlace) -> None:
        for given, where in self._reached(value, place):
            for each in possible(given):
                if isinstance(each, Constant) and isinstance(each.value, str):
                    self.found.uses.append(("regions", each.value, where))

    def collection(self, method: str, call: Call, place: CodePlace) -> None:
        self._names("collections", argument(call, 0, "collection_id"), place)

    def second(self, method: str, call: Call, place: CodePlace) -> None:
        kind = "topics" if method == ".topic_path" else "secrets"
        self._names(kind, argument(call, 1, kind.removesuffix("s")), place)

    def table(self, method: str, call: Call, place: CodePlace) -> None:
        if method in _ROW_WRITES:
            self.found.uses.append(("row_writes", method.removeprefix("."), place))
        value = argument(call, *_TABLES.get(method, (99, "")))
        for given, where in self._reached(value, place) if value is not None else ():
            for text in map(shown, possible(given)):
                if _TABLE.match(text):
                    self.found.tables.append((".".join(text.split(".")[-2:]), method != ".get_table", where))

    def _said(self, value: Value, place: CodePlace) -> None:
        for each in possible(value):
            if isinstance(each, Constant) and isinstance(each.value, int):
                if not isinstance(each.value, bool) and _PROJECT_NUMBER.fullmatch(str(each.value)):
                    self.found.uses.append(("project_numbers", str(each.value), place))
            elif isinstance(each, Constant | Text) and not (
                isinstance(each, Text) and isinstance(each.parts[0], CodePath)
            ):
                self._string(shown(each), place)

    def _string(self, text: str, place: CodePlace) -> None:
        uses = self.found.uses
        if is_sql(text):
            self.found.queries.append((text, place))
            return
        if _URL.match(text):
            uses.append(("urls", text, place))
            if match := _API_HOST.match(text):
                uses.append(("apis", match[1], place))
        for kind, pattern in (("topics", _TOPIC), ("secrets", _SECRET)):
            if (match := pattern.match(text)) and not match[1].startswith("{"):
                uses.append((kind, match[1], place))
        for region in _REGION.findall(text):
            uses.append(("regions", region, place))
        if len(text) < 200:
            for number in _PROJECT_NUMBER.findall(text):
                uses.append(("project_numbers", number, place))


def _is_settings(value: Value) -> bool:
    return isinstance(value, Member) and value.name == "settings"


def _owner(value: Value) -> str:
    """Return the name of the attribute that a method is called of."""
    owner = value.owner if isinstance(value, Member) else None
    return owner.name if isinstance(owner, Member) else ""


_LOOKED_UP = {
    **{("collections", method): "collection_roles" for method in (".__getitem__", ".get", ".pop", ".__contains__")},
    ("view", ".schedule"): "schedules",
}
"""How code asks the declaration for what it has under a name."""


_TYPED = {".duration": "durations", ".count": "counts"}
"""How the functions' library reads a setting that is one thing and no other."""


_Handler = Callable[[_Reader, str, Call, CodePlace], None]


_METHODS: Mapping[str, _Handler] = {
    ".collection": _Reader.collection,
    ".collection_group": _Reader.collection,
    ".topic_path": _Reader.second,
    ".secret_version_path": _Reader.second,
    **dict.fromkeys({*_TABLES, *_ROW_WRITES}, _Reader.table),
}
