"""One fault is one sentence at its place: what depends on it is not accused, and nothing else is hidden."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.report.gather import gather
from tests.ops.test_bad_input import MANIFEST, Break, remove, replace
from tests.pipelines.test_parcels import copy_parcels

JOURNAL = "schemas/bigquery/parcels_ops/journal.sql"
STACK = "Pulumi.live.yaml"


def together(*faults: Break) -> Break:
    def fault(root: Path) -> None:
        for each in faults:
            each(root)

    return fault


def pipe(file: str) -> Break:
    def fault(root: Path) -> None:
        (root / file).unlink()
        os.mkfifo(root / file)

    return fault


ONE: dict[str, tuple[Break, str, str]] = {
    "misspelt type": (replace(JOURNAL, "STRING", "STRNG"), JOURNAL, "STRNG"),
    "broken dataset": (replace("schemas/bigquery/parcels_ops/dataset.sql", "CREATE", "CRATE"), "schemas/bigquery/parcels_ops/dataset.sql", "does not parse"),
    "table that is a pipe": (pipe(JOURNAL), JOURNAL, "This is a pipe"),
    "broken message": (replace("schemas/messages/done.json", '"type": "object",', '"type": "object"'), "schemas/messages/done.json:7", "not JSON"),
    "nested type list": (replace("schemas/messages/done.json", '"type": "object",', '"type": [["object"]],'), "schemas/messages/done.json", "`type` must be"),
    "unknown key": (replace(MANIFEST, "title: Parcel flow", "title: Parcel flow\nzzz: 1"), f"{MANIFEST}:5", "unknown key 'zzz'"),
    "misspelt key": (replace(MANIFEST, "title: Parcel flow", "titel: Parcel flow"), f"{MANIFEST}:4", "did you mean 'title'?"),
    "label the provider refuses": (replace(MANIFEST, "labels: {team: parcels}", "labels: {team: Parcels}"), f"{MANIFEST}:164:16", "The value is that of `labels.team`"),
    "label's key the provider refuses": (replace(MANIFEST, "labels: {team: parcels}", "labels: {Team: parcels}"), f"{MANIFEST}:164:10", "The value is that of `labels.Team`"),
    "region that is none": (replace(STACK, "europe-southwest1", "europe-west99"), f"{STACK}:", "looks like a region"),
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_parcels(tmp_path / "project")


def told(root: Path) -> list[str]:
    return [str(finding) for finding in gather(root, "live").violations]


@pytest.mark.parametrize("fault", ONE)
def test_a_fault_is_told_once_and_nothing_that_depends_on_it(root: Path, fault: str) -> None:
    breaks, place, words = ONE[fault]
    breaks(root)
    found = told(root)
    assert len(found) == 1, found
    assert found[0].startswith(place), found
    assert words in found[0], found


def test_a_key_too_many_hides_nothing(root: Path) -> None:
    together(ONE["unknown key"][0], remove("functions/watch/main.py"))(root)
    found = told(root)
    assert [line for line in found if "unknown key 'zzz'" in line]
    assert [line for line in found if "has no main.py" in line]


DEFAULTS: dict[str, tuple[str, list[str]]] = {
    "a default is every function's": ("defaults: {concurrency: 1}", []),
    "a wrong default is one finding": ("defaults: {concurrency: five}", ["'concurrency' of 'defaults'"]),
    "a default that fits none is one finding": ("defaults: {min_instances: 90}", ["Inherited from line 5 by"]),
}


@pytest.mark.parametrize("case", DEFAULTS)
def test_defaults_are_judged_where_they_are_written(root: Path, case: str) -> None:
    section, words = DEFAULTS[case]
    replace(MANIFEST, "title: Parcel flow", f"title: Parcel flow\n{section}")(root)
    found = told(root)
    assert len(found) == len(words), found
    assert all(line.startswith(f"{MANIFEST}:5:") and word in line for line, word in zip(found, words, strict=True))


VALUES: dict[str, tuple[Callable[[str], str], list[str]]] = {
    "secret": (lambda _: "{secure: v1:abc}", []),
    "number": (lambda _: "123", ["no text; put the value in quotes"]),
    "nothing": (lambda _: "", ["no text; put the value in quotes"]),
    "as it is": (lambda text: text, []),
}


@pytest.mark.parametrize("case", VALUES)
def test_configuration_is_typed_to_its_depth(root: Path, case: str) -> None:
    change, words = VALUES[case]
    text = (root / STACK).read_text()
    line = next(each for each in text.splitlines() if "notificationChannels/" in each)
    name, _, value = line.partition(": ")
    (root / STACK).write_text(text.replace(line, f"{name}: {change(value)}"))
    found = told(root)
    assert len(found) == len(words), found
    assert all(line.startswith(f"{STACK}:") and word in line for line, word in zip(found, words, strict=True)), found


def test_a_file_name_that_is_not_utf8_is_printed_as_its_bytes(root: Path) -> None:
    name = os.fsencode(root / "schemas/bigquery/parcels_ops") + b"/caf\xe9.sql"
    with open(name, "w") as stream:
        stream.write("x")
    found = told(root)
    assert len(found) == 1, found
    assert found[0].startswith("schemas/bigquery/parcels_ops/caf\\xe9.sql: `caf\\xe9` cannot name"), found
