"""Everything that reads text from outside, each with texts to begin from; what a reader says is returned to be looked at.

A reader may refuse in its own way, which is part of what it says; any other exception is a fault.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from analysis.audit.requirements_file import RequirementsReader
from analysis.logfilter.entry import pattern_problem
from analysis.python.record import read_record
from analysis.sql.statement import read as read_sql
from blueprint.archive.distributions import direct_requirements, read_lock
from blueprint.findings import Finding, Location, Refused
from blueprint.loader import read_declaration
from blueprint.schemas.messages import load_messages
from blueprint.schemas.sql import FileContext
from blueprint.schemas.sql import parse as parse_ddl
from ops.change import render
from ops.change.model import from_json
from ops.embedded import project
from ops.terminal import Style, clean
from ops.untrusted import Malformed
from tests.functions.conftest import ROOT
from tests.functions.test_endpoint import Memory, pushed, served

TARGET = (3, 11)
ANSWERS = (200, 204, 400)
"""What a body is answered with where nothing is down: taken, or refused for what it says."""
Said = Iterable[str]


@dataclass(frozen=True)
class Reader:
    """Something that reads: its name, files to begin from (a pattern below the root), and what it says of a content."""

    name: str
    seeds: str
    read: Callable[[bytes], Said]

    def begin(self) -> tuple[bytes, ...]:
        """Return the texts that inputs are made of."""
        return _contents(self.seeds)


@cache
def _contents(patterns: str) -> tuple[bytes, ...]:
    found = sorted({path for pattern in patterns.split() for path in ROOT.glob(pattern) if path.is_file()})
    assert found, patterns
    return tuple(path.read_bytes() for path in found)


@cache
def _folder() -> Path:
    """Return a folder for what is read by its path; it is gone with the process."""
    kept = tempfile.TemporaryDirectory(prefix="fuzz-")
    _KEPT.append(kept)
    root = Path(kept.name)
    (root / "schemas" / "messages").mkdir(parents=True)
    (root / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
    return root


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _sentences(findings: Iterable[Finding]) -> Iterator[str]:
    for each in findings:
        yield str(each)


def _declaration(content: bytes) -> Said:
    (_folder() / "pipeline.yaml").write_bytes(content)
    return _sentences(read_declaration(_folder()).findings)


def _stack(content: bytes) -> Said:
    (_folder() / "Pulumi.prod.yaml").write_bytes(content)
    try:
        project.stack_settings(project.load(_folder(), "prod"))
    except Refused as refused:
        return _sentences(refused.findings)
    return ()


def _table(content: bytes) -> Said:
    context = FileContext("schemas/bigquery/d/t.sql", "table", "d", "t")
    return _sentences(parse_ddl(content.decode(errors="replace"), context).findings)


def _query(content: bytes) -> Said:
    statement = read_sql(content.decode(errors="replace"), {})
    said = (*statement.problems, *statement.notes)
    return _sentences(Finding("query", each.message, Location("query.sql", 1)) for each in said)


def _message(content: bytes) -> Said:
    (_folder() / "schemas" / "messages" / "one.json").write_bytes(content)
    return _sentences(load_messages(_folder(), {})[1])


def _requirements(content: bytes) -> Said:
    text = content.decode(errors="replace")
    read_lock(text)
    direct_requirements(text, TARGET)
    reader = RequirementsReader(lambda file: content if file == "requirements.txt" else None, TARGET)
    return [clean(each.unread or each.name) for each in reader.read("requirements.txt")]


def _pattern(content: bytes) -> Said:
    problem = pattern_problem(content.decode(errors="replace"))
    return _sentences([Finding("pattern", problem, Location("filter"))] if problem else ())


def _python(content: bytes) -> Said:
    record = read_record(content, TARGET)
    return [record.fault[1]] if record.fault else ()


def _difference(content: bytes) -> Said:
    try:
        found = from_json(json.loads(content))
    except Malformed as problem:
        return [str(problem)]
    except (ValueError, RecursionError):
        return ()
    return [*map(clean, render.text(found, Style())), *render.markdown(found).splitlines()]


def _body(content: bytes) -> Said:
    """Post a body, then what it may hold as a message of its own."""
    found, log = [], io.StringIO()
    for body in (content, pushed(content)):
        with redirect_stdout(log):
            given = served(Memory()).post("/", data=body, content_type="application/json")
        assert given.status_code in ANSWERS, f"{given.status_code} {given.text[:200]}"
        found.append(given.text)
    found += log.getvalue().splitlines()
    for line in found:
        json.loads(line)
    return found


READERS: tuple[Reader, ...] = (
    Reader("declaration", "pipeline.yaml tests/pipelines/*/pipeline.yaml", _declaration),
    Reader("stack", "Pulumi.*.yaml tests/pipelines/*/Pulumi.*.yaml", _stack),
    Reader("table", "schemas/bigquery/*/*.sql schemas/external/*/*.sql", _table),
    Reader("query", "schemas/operators/*.sql functions/*/*/*.sql schemas/bigquery/*/views/*.sql", _query),
    Reader("message", "schemas/messages/*.json", _message),
    Reader("requirements", "functions/requirements.in tests/archive/trees/**/requirements*.txt", _requirements),
    Reader("pattern", "tests/fuzz/seeds/pattern/*", _pattern),
    Reader("python", "functions/*/*.py functions/shared/*/*.py", _python),
    Reader("body", "tests/fuzz/seeds/body/*", _body),
    Reader("difference", "tests/fuzz/seeds/difference/*", _difference),
)
