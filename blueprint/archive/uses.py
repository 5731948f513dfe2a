"""What the code of one closure uses outside itself, by what it calls and says: the basis of grants and env.

A value is followed through names, modules and the functions that it is passed to. What only running the code tells is
kept as `{expression}`, so that nobody mistakes it for absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from analysis.python.closure import Closure
from analysis.python.events import Call, Said
from analysis.python.loads import argument, is_python
from analysis.python.program import CodePlace, Program
from analysis.python.record import FileRecord
from analysis.python.values import (
    CodePath,
    Constant,
    Member,
    Parameter,
    SequenceValue,
    Text,
    Thing,
    Value,
    possible,
    shown,
)
from blueprint.archive.model import CodeQuery, CodeTableUse, Use, Uses
from blueprint.archive.sql import is_sql, read_sql
from blueprint.findings import Location

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
_STARTS = {f"subprocess.{name}" for name in ("run", "Popen", "call", "check_call", "check_output", "getoutput")}
_STARTS |= {"os.system", "os.popen", "shutil.which", "subprocess.getstatusoutput"}
_STARTS |= {"asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "os.execv", "os.execvp", "os.spawnv"}
_PLACES = ("location", "region")
_APIS = {
    "google.cloud.firestore": "firestore",
    "google.cloud.firestore_v1": "firestore",
    "google.cloud.pubsub": "pubsub",
    "google.cloud.pubsub_v1": "pubsub",
    "google.pubsub_v1": "pubsub",
    "google.cloud.bigquery": "bigquery",
    "google.cloud.bigquery_storage": "bigquery",
    "google.cloud.storage": "storage",
    "google.cloud.secretmanager": "secretmanager",
    "google.cloud.logging": "logging",
    "google.cloud.monitoring_v3": "monitoring",
    "google.cloud.tasks": "cloudtasks",
    "google.cloud.tasks_v2": "cloudtasks",
    "google.cloud.scheduler": "cloudscheduler",
    "google.cloud.scheduler_v1": "cloudscheduler",
    "google.cloud.run_v2": "run",
}


@dataclass
class _Found:
    """Uses of one kind each, in order of discovery, by the fields of `Uses`."""

    by_kind: dict[str, set[Use]] = field(default_factory=dict)
    queries: dict[CodeQuery, None] = field(default_factory=dict)

    def add(self, kind: str, name: str, at: Location) -> None:
        """Add one use."""
        self.by_kind.setdefault(kind, set()).add(Use(name, at))

    def query(self, text: str, at: Location) -> None:
        """Add a SQL text."""
        tables, error = read_sql(text)
        uses = tuple(CodeTableUse(each.table, each.columns, at, each.written) for each in tables)
        self.queries[CodeQuery(text, at, uses, error)] = None

    def uses(self) -> Uses:
        """Return everything, ordered."""

        def place(use: Use) -> tuple[str, str, int]:
            return use.name, use.at.file, use.at.line or 0

        kinds = {kind: tuple(sorted(found, key=place)) for kind, found in self.by_kind.items()}
        return Uses(queries=tuple(self.queries), **kinds)


def read_uses(
    closure: Closure,
    program: Program,
    places: Mapping[str, str],
    carried: Iterable[tuple[str, Location]],
    telling: dict[int, tuple[Said, ...]],
) -> Uses:
    """Return the uses of a closure.

    Args:
        closure: the finished graph.
        program: its records, put together.
        places: module → the file to name in locations.
        carried: SQL in data files and generated files, with its place.
        telling: is kept for the next closure, which shares files with this one.
    """
    reader = _Reader(program, places, telling)
    for module in places:
        reader.module(module, closure)
    for imported in closure.third_party:
        api = _api(imported.module)
        if api and imported.importer in places:
            reader.found.add("apis", api, Location(places[imported.importer], imported.fact.line))
    for text, at in carried:
        reader.found.query(text, at)
    return reader.found.uses()


def _api(module: str) -> str | None:
    """Return the API that a client library is for."""
    while module and module not in _APIS:
        module = module.rpartition(".")[0]
    return _APIS.get(module)


class _Reader:
    def __init__(self, program: Program, places: Mapping[str, str], telling: dict[int, tuple[Said, ...]]) -> None:
        self.found = _Found()
        self._program, self._places, self._telling = program, places, telling

    def _at(self, place: CodePlace) -> Location:
        return Location(self._places.get(place.module, place.module), place.line)

    def module(self, module: str, closure: Closure) -> None:
        """Read what one module uses."""
        record = closure.records[module]
        for said in self._texts_of(record):
            place = CodePlace(module, said.line, said.around)
            for value, where in self._as_said(said.value, place):
                self._said(value, where)
        for callee, call in self._program.calls(module):
            place = CodePlace(module, call.line, call.around)
            if callee in _ENVIRONMENT:
                self._names("env", argument(call, 0, "key"), place)
            elif callee in _STARTS:
                self._command(call, place)
            else:
                method = f".{callee.rpartition('.')[2].rpartition(':')[2]}"
                handler = _METHODS.get(method)
                if handler is not None and ":" not in callee and (callee.startswith(".") or "." in callee):
                    handler(self, method, call, place)
                if method in (".__getitem__", ".get", ".pop", ".__contains__"):
                    self._setting(call, place)
                else:
                    self._handed_on(callee, call, place)
            for name, value in call.keywords:
                if name in _PLACES:
                    self._place(value, place)

    def _texts_of(self, record: FileRecord) -> tuple[Said, ...]:
        """Return the texts of a file that mean anything outside; once for all functions that share the file."""
        found = self._telling.get(id(record))
        if found is None:
            found = self._telling[id(record)] = tuple(filter(_means_something, record.said))
        return found

    def _as_said(self, value: Value, place: CodePlace) -> Iterator[tuple[Value, CodePlace]]:
        """Yield a text with what other files say of it, and where callers say what it names, as each of them makes it."""
        if not isinstance(value, Text):
            yield value, place
            return
        text = shown(value)
        if is_sql(text) or _TOPIC.match(text) or _SECRET.match(text):
            yield from self._program.reached(value, place)
        else:
            yield self._program.linked(value, place.module), place

    def _names(self, kind: str, value: Value | None, place: CodePlace) -> None:
        """Add each name that a value can be; what a caller gives is added where it gives it."""
        if value is None:
            return
        for given, where in self._program.reached(value, place):
            for each in possible(given):
                if not (isinstance(each, Parameter) and kind == "env"):  # nobody calls it
                    self.found.add(kind, shown(each), self._at(where))

    def _setting(self, call: Call, place: CodePlace) -> None:
        """Note the key that is read from what is called `settings` where it comes from, whatever it is called here."""
        owner = call.function.owner if isinstance(call.function, Member) else call.function
        if self._holds_settings(owner, place):
            self._names("settings", argument(call, 0, "key"), place)

    def _holds_settings(self, value: Value, place: CodePlace) -> bool:
        if not any(isinstance(each, Member | Parameter | Thing) for each in possible(value)):
            return False
        if any(isinstance(each, Member) for each in possible(value)):
            return any(map(_is_settings, possible(value)))
        return self._program.may_be("settings", _is_settings, value, place.module)

    def _handed_on(self, callee: str, call: Call, place: CodePlace) -> None:
        """Note that all settings are given to what is not followed: which of them it reads is not known."""
        for value in (*call.arguments, *(each for _, each in call.keywords)):
            direct = any(isinstance(each, Member) and each.name == "settings" for each in possible(value))
            if direct and (":" not in callee or ("**", value) in call.keywords):
                self.found.add("settings", "{settings}", self._at(place))

    def _command(self, call: Call, place: CodePlace) -> None:
        for given, where in self._program.reached(argument(call, 0, "args") or Constant(""), place):
            for command in possible(given):
                words = command.items if isinstance(command, SequenceValue) else (command,)
                for word in possible(words[0]) if words else ():
                    text = "python" if is_python(word) else shown(word)
                    self.found.add("commands", text.split()[0] if text.split() else text, self._at(where))

    def _place(self, value: Value, place: CodePlace) -> None:
        for given, where in self._program.reached(value, place):
            for each in possible(given):
                if isinstance(each, Constant) and isinstance(each.value, str):
                    self.found.add("regions", each.value, self._at(where))

    def collection(self, method: str, call: Call, place: CodePlace) -> None:
        self._names("collections", argument(call, 0, "collection_id"), place)

    def second(self, method: str, call: Call, place: CodePlace) -> None:
        kind = "topics" if method == ".topic_path" else "secrets"
        self._names(kind, argument(call, 1, kind.removesuffix("s")), place)

    def table(self, method: str, call: Call, place: CodePlace) -> None:
        if method in _ROW_WRITES:
            self.found.add("row_writes", method.removeprefix("."), self._at(place))
        value = argument(call, *_TABLES.get(method, (99, "")))
        for given, where in self._program.reached(value, place) if value is not None else ():
            for text in map(shown, possible(given)):
                if _TABLE.match(text):
                    use = CodeTableUse(".".join(text.split(".")[-2:]), (), self._at(where), method != ".get_table")
                    self.found.queries[CodeQuery("", self._at(where), (use,))] = None

    def _said(self, value: Value, place: CodePlace) -> None:
        for each in possible(value):
            if isinstance(each, Constant) and isinstance(each.value, int):
                if not isinstance(each.value, bool) and _PROJECT_NUMBER.fullmatch(str(each.value)):
                    self.found.add("project_numbers", str(each.value), self._at(place))
            elif isinstance(each, Constant | Text) and not (
                isinstance(each, Text) and isinstance(each.parts[0], CodePath)
            ):
                self._string(shown(each), place)

    def _string(self, text: str, place: CodePlace) -> None:
        at = self._at(place)
        if is_sql(text):
            self.found.query(text, at)
            return
        if _URL.match(text):
            self.found.add("urls", text, at)
            if match := _API_HOST.match(text):
                self.found.add("apis", match[1], at)
        for kind, pattern in (("topics", _TOPIC), ("secrets", _SECRET)):
            if (match := pattern.match(text)) and not match[1].startswith("{"):
                self.found.add(kind, match[1], at)
        for region in _REGION.findall(text):
            self.found.add("regions", region, at)
        if len(text) < 200:
            for number in _PROJECT_NUMBER.findall(text):
                self.found.add("project_numbers", number, at)


def _means_something(said: Said) -> bool:
    """Return whether a text may name anything outside: a query, an address, a place, a topic, a secret, a number.

    One that begins with what another file says is looked at when that is known.
    """
    if isinstance(said.value, Constant) and not isinstance(said.value.value, str):
        return isinstance(said.value.value, int) and len(str(said.value.value)) > 10
    if not isinstance(said.value, Constant | Text):
        return False
    text = shown(said.value)
    begins_elsewhere = isinstance(said.value, Text) and isinstance(said.value.parts[0], Thing)
    patterns = (_URL, _TOPIC, _SECRET)
    return (
        begins_elsewhere
        or is_sql(text)
        or any(pattern.match(text) for pattern in patterns)
        or _REGION.search(text) is not None
        or _PROJECT_NUMBER.search(text) is not None
    )


def _is_settings(value: Value) -> bool:
    return isinstance(value, Member) and value.name == "settings"


_Handler = Callable[[_Reader, str, Call, CodePlace], None]
_METHODS: Mapping[str, _Handler] = {
    ".collection": _Reader.collection,
    ".collection_group": _Reader.collection,
    ".topic_path": _Reader.second,
    ".secret_version_path": _Reader.second,
    **dict.fromkeys({*_TABLES, *_ROW_WRITES}, _Reader.table),
}
