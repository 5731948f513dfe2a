"""Which pipeline, in which project: the declaration and one stack's values, without evaluating the program."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blueprint.boundaries import Boundary
from blueprint.findings import Finding, Refused
from blueprint.keys import EXAMPLES, Key
from blueprint.loader import load_manifest
from blueprint.manifest import Manifest
from blueprint.names import Names
from blueprint.schemas.firestore import Firestore, load_firestore
from blueprint.stack import StackSettings, check_stack, placed
from blueprint.wiring import all_pushes

MAX_RANGE = 400
"""Keys in one range of dates: what documents live (their expiry)."""


@dataclass(frozen=True)
class Target:
    """The pipeline that a command is about."""

    root: Path
    manifest: Manifest
    stack: StackSettings
    names: Names
    firestore: Firestore

    def holds(self) -> Iterator[tuple[str, str, str]]:
        """Yield consumer, topic and dead letter's hold of every subscription that has one."""
        for push in all_pushes(self.manifest, self.names):
            yield push.consumer, push.topic, push.hold
        for stream in self.manifest.streams.values():
            for topic in stream.topics:
                subscription = self.names.stream_subscription(stream.name, topic)
                yield f"stream {stream.name}", topic, self.names.dead_letter_subscription(subscription)

    def parameter(self, date: str) -> datetime.date | str:
        """Return what a command's date is for, as queries take it."""
        return self.manifest.keys.parameter(date)

    def about(self, dates: list[str]) -> list[str]:
        """Return dates that a command was given; raises `Refused` where the pipeline's completions are for something else."""
        wrong = next((each for each in dates if not self.manifest.keys.fits(each)), None)
        if wrong is None:
            return dates
        kind = self.manifest.key
        example = f"batch:{EXAMPLES[kind]}" if kind == "batch" else EXAMPLES[kind]
        message = f"'{wrong}' is no {kind}, and completions of this pipeline are for one; write it as {example}."
        raise Refused([Finding("key", message, self.manifest.at)])

    def boundaries(self, name: str | None) -> list[Boundary]:
        """Return the named boundary, or all; raises `Refused` for an unknown name."""
        if name is None:
            return list(self.manifest.boundaries.values())
        if name not in self.manifest.boundaries:
            known = ", ".join(self.manifest.boundaries)
            raise Refused(
                [Finding("boundary", f"There is no boundary '{name}'; declared are {known}.", self.manifest.at)]
            )
        return [self.manifest.boundaries[name]]


def load_target(root: Path, stack: str) -> Target:
    """Return the pipeline in `root` with the values of `stack`; raises `Refused` with everything that is wrong."""
    from ops.embedded import project

    manifest = load_manifest(root)
    settings = placed(project.stack_settings(project.load(root, stack)), root)
    firestore, findings = load_firestore(root, manifest)
    problems = [*check_stack(settings, manifest), *findings]
    if problems:
        raise Refused(problems)
    names = Names(
        manifest.pipeline, settings.project, settings.project_number, settings.region, settings.dataset_location
    )
    return Target(root, manifest, settings, names, firestore)


def dates(text: str) -> list[str]:
    """Return the dates of `YYYY-MM-DD`, the hours of `YYYY-MM-DDTHHZ`, or the batch of `batch:ID`.

    Of dates and hours also a range `FIRST..LAST`, both ends included.

    Raises argparse.ArgumentTypeError with a sentence for anything else.
    """
    named, _, batch = text.partition(":")
    if named == "batch" and Key("batch").fits(batch):
        return [batch]
    first, _, last = text.partition("..")
    try:
        return Key("hour" if "T" in first else "date").span(first, last or first, MAX_RANGE + 1)
    except OverflowError:
        raise argparse.ArgumentTypeError(f"'{text}' must run forward, over at most {MAX_RANGE} days") from None
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no date such as 2026-01-29, nor a range such as 2026-01-29..2026-02-01"
        ) from None
