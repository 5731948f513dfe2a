"""A change to a project's files that is made whole or not at all: new files, and lines added to those that are there."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from blueprint.keys import KeyKind
from ops.commands import did_you_mean
from ops.scaffolding.lines import with_comment, with_item, with_key, without_comment
from ops.scaffolding.texts import KEYS

DECLARATION: Final = "pipeline.yaml"


class PartRefused(Exception):
    """What was asked for cannot be added; the message is a sentence."""


@dataclass
class ProjectChange:
    """What is to be written under a project's `root`: texts of new files by their path, and of files that change."""

    root: Path
    files: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the text of a file as it will be; raises `PartRefused` where it cannot be read."""
        if name in self.changed:
            return self.changed[name]
        try:
            return (self.root / name).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise PartRefused(f"{name} cannot be read ({error}); `ops plan` says more.") from None

    def value(self, *path: str) -> Any:
        """Return the names under a path of the declaration, none where it is not there; raises `PartRefused`."""
        try:
            value = yaml.safe_load(self.text(DECLARATION))
        except (yaml.YAMLError, ValueError) as error:
            raise PartRefused(
                f"{DECLARATION} cannot be read ({str(error).splitlines()[0]}); `ops plan` says more."
            ) from None
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return {} if value is None else value

    def schema(self, message: str) -> dict[str, Any]:
        """Return the schema of a message; raises `PartRefused` where it cannot be read."""
        name = f"schemas/messages/{message}.json"
        try:
            schema = json.loads(self.text(name))
        except ValueError as error:
            raise PartRefused(f"{name} cannot be read ({error}); `ops plan` says more.") from None
        return schema if isinstance(schema, dict) else {}

    def key(self) -> tuple[KeyKind, str]:
        """Return what a completion of the pipeline is for, and what messages and rows call it; raises `PartRefused`."""
        declared = self.value()
        key = next((each for each in KEYS if each == declared.get("key", "date")), None)
        if key is None:
            raise PartRefused(f"`key` of {DECLARATION} is none of {', '.join(KEYS)}; correct it first.")
        return key, str(declared.get("date_field", "date"))

    def named(self, section: str, name: str) -> Any:
        """Return what the declaration has under a name; raises `PartRefused` with the name that was probably meant."""
        known = self.value(section)
        if name not in known:
            meant = did_you_mean(name, known)
            end = "" if meant.endswith("?") else "."
            raise PartRefused(f"`{section}` of {DECLARATION} has no '{name}'; {meant}{end}")
        return known[name]

    def add(self, path: tuple[str, ...], name: str, value: str) -> None:
        """Add a name to a mapping of the declaration; `value` is YAML, further lines indented below the name."""
        if name in self.value(*path):
            raise PartRefused(f"`{'.'.join(path)}` of {DECLARATION} has '{name}' already; choose another name.")
        self.changed[DECLARATION] = with_key(self.text(DECLARATION), path, name, value)

    def append(self, path: tuple[str, ...], item: str) -> None:
        """Add an item to a list of the declaration, once where another place shares the list."""
        if item in self.value(*path):
            return
        self.changed[DECLARATION] = with_item(self.text(DECLARATION), path, item)

    def ask(self, section: str, what: str, lines: Sequence[str]) -> None:
        """Add a comment at the end of a section of the declaration, once: `lines` begin with `# ? WHAT:`."""
        text = self.text(DECLARATION)
        if f"# ? {what}:" not in text:
            self.changed[DECLARATION] = with_comment(text, section, lines)

    def answered(self, what: str) -> None:
        """Take away the comment that asks it, where there is one."""
        text = self.text(DECLARATION)
        if f"# ? {what}:" in text:
            self.changed[DECLARATION] = without_comment(text, f"# ? {what}:")

    def write(self) -> list[str]:
        """Write everything and return what was written, one line each; raises `PartRefused` where a file is there."""
        taken = (Path(name).parent if name.endswith("/main.py") else Path(name) for name in self.files)
        there = sorted(path.as_posix() for path in taken if (self.root / path).exists())
        if there:
            raise PartRefused(f"{there[0]} is there already; nothing was written.")
        lines = []
        for name, text in {**self.files, **self.changed}.items():
            path = self.root / name
            lines.append(f"~ {name}:{_places(path.read_text('utf-8'), text)}" if path.exists() else f"+ {name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return lines


def _places(before: str, after: str) -> str:
    """Return the lines that are new or changed, as `12, 40-42`."""
    matcher = difflib.SequenceMatcher(a=before.splitlines(), b=after.splitlines(), autojunk=False)
    spans = [(start + 1, end) for tag, _, _, start, end in matcher.get_opcodes() if tag != "equal"]
    return ", ".join(f"{start}-{end}" if end > start else f"{start}" for start, end in spans)
