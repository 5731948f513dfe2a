"""The page as one HTML file: templates filled with what is known, the same bytes for the same plan.

Everything that others wrote goes through the templates' escaping, and every control character and change of direction in it is
shown as its escape, as in a terminal. The page may run its own script and style and nothing else, and load nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from blueprint.manifest import Manifest
from ops.change import render
from ops.change.model import Meaning, PlanDifference, Resource
from ops.invocation import CODE
from ops.page import drawing
from ops.page.guarantees import GUARANTEES, Cell, matrix
from ops.page.parts import Part, Parts, Row
from ops.page.run import Run
from ops.report.gather import Plan
from ops.report.text import verdict
from ops.terminal import Style, clean


@dataclass(frozen=True)
class Section:
    """A part of the page: its fragment, its heading, and the template that writes it."""

    anchor: str
    title: str
    template: str


@dataclass(frozen=True)
class MatrixRow:
    """A function's line in the matrix."""

    name: str
    anchor: str
    cells: tuple[Cell, ...]


_FINDINGS: Final = Section("findings", "Findings", "findings.html")
_CHANGES: Final = Section("changes", "What changed", "changes.html")
_DAY: Final = Section("day", "The day", "timeline.html")
_ALWAYS: Final = (
    Section("picture", "The pipeline", "picture.html"),
    Section("guarantees", "Functions and guarantees", "matrix.html"),
    Section("contracts", "Contracts", "contracts.html"),
    Section("parts", "Parts", "parts.html"),
)


@dataclass(frozen=True)
class Page:
    """What a page tells: a plan, the declaration as far as it could be read, and a difference and a run where they are given."""

    plan: Plan
    manifest: Manifest | None
    difference: PlanDifference | None = None
    run: Run | None = None

    @property
    def title(self) -> str:
        """Return the pipeline's title."""
        return self.manifest.title if self.manifest else self.plan.project

    @property
    def verdict(self) -> str:
        """Return the last line of the plan, without the sign."""
        return verdict(self.plan, Style()).partition(" ")[2]

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the sections in order: what refuses the plan comes before anything else."""
        found = (_FINDINGS,) if self.plan.findings else ()
        changes = (_CHANGES,) if self.difference else ()
        day = (_DAY,) if self.run else ()
        refused = found if self.plan.violations else ()
        return (*refused, *changes, *day, *_ALWAYS[:2], *(() if refused else found), *_ALWAYS[2:])

    @cached_property
    def known(self) -> Parts | None:
        """Return the parts, where the declaration tells of them."""
        return Parts(self.plan, self.manifest) if self.manifest else None

    @property
    def parts(self) -> list[Part]:
        """Return every part."""
        return list(self.known or ())

    @property
    def drawing(self) -> Markup | None:
        """Return the picture as SVG."""
        if self.known is None or self.manifest is None:
            return None
        known = self.known
        shown = drawing.picture(self.manifest, known.notes, known.anchors, known.phases)
        return Markup(drawing.draw(shown))

    @property
    def guarantees(self) -> Sequence[str]:
        """Return the heads of the matrix."""
        return list(GUARANTEES)

    @property
    def matrix(self) -> list[MatrixRow]:
        """Return a line for each function."""
        known = self.known
        if known is None:
            return []
        cells = matrix(self.plan, known.of_function)
        return [MatrixRow(name, known.function_anchor(name), row) for name, row in cells.items()]

    @property
    def contracts(self) -> list[Row]:
        """Return a line for each contract."""
        return [
            Row((each.contract.id, each.contract.title, f"{each.checked:,}", str(len(each.findings) or "nothing")))
            for each in self.plan.results
        ]

    @property
    def contracts_told(self) -> str:
        """Return how many contracts passed."""
        failed = sum(any(found.severity == "violation" for found in each.findings) for each in self.plan.results)
        return f"{len(self.plan.results) - failed} of {len(self.plan.results)} passed"

    @property
    def changes_told(self) -> str:
        """Return the difference in one sentence."""
        return render.verdict(self.difference) if self.difference else ""

    @property
    def meanings(self) -> list[tuple[str, list[Meaning]]]:
        """Return the sentences of `ops diff`, by what is at stake."""
        return list(render.told(self.difference)) if self.difference else []

    @property
    def changed(self) -> list[tuple[str, list[Resource]]]:
        """Return the resources that differ, as `ops diff` groups them."""
        return list(render.sections(self.difference)) if self.difference else []

    @property
    def boundaries(self) -> list[Row]:
        """Return how far each boundary came in the run."""
        return list(_boundaries(self.run)) if self.run else []

    @property
    def events(self) -> list[Row]:
        """Return what happened in the run."""
        events = self.run.events if self.run else ()
        return [
            Row((each.at, each.boundary, each.what, each.subject, each.reason, _counts(each.counts))) for each in events
        ]


def _counts(counts: Any) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def _boundaries(run: Run) -> Iterator[Row]:
    for name in dict.fromkeys(each.boundary for each in run.events if each.boundary):
        mine = [each for each in run.events if each.boundary == name]
        counted = [each.counts for each in mine if "complete" in each.counts]
        last = counted[-1] if counted else {}
        far = f"{last['complete']} of {last.get('expected', 'not known')}" if last else "not known"
        triggered = [each for each in mine if each.what == "triggered"]
        when, why = (triggered[0].at, triggered[0].reason) if triggered else ("not triggered", "")
        yield Row((name, far, mine[0].at, when, why))


def html(page: Page) -> str:
    """Return the page's text."""
    templates = environment()
    style, script = (Markup(own(templates, *names)) for names in (("picture.css", "page.css"), ("page.js",)))
    hashes = {"style_hash": Markup(fingerprint(style)), "script_hash": Markup(fingerprint(script))}
    return templates.get_template("page.html").render(page=page, style=style, script=script, **hashes)


def environment() -> Environment:
    """Return the templates, which escape and clean whatever they are given."""
    return Environment(
        loader=PackageLoader("ops.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_cleaned,
    )


def _cleaned(value: object) -> object:
    """Return what a template shows: without control characters, and without where this machine keeps the tool."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return clean(value.replace(f"{CODE}/", ""))


def own(templates: Environment, *names: str) -> str:
    """Return files of our own as they are: what their hash is taken of is what the browser sees."""
    assert templates.loader is not None
    return "".join(templates.loader.get_source(templates, name)[0] for name in names)


def fingerprint(text: str) -> str:
    """Return a text's hash, as a page's policy names what may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
