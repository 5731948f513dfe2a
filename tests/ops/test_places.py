"""What the provider would refuse stands where a user wrote the value, as far as that can be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.findings import Finding, Location
from ops.embedded.record import Registration
from ops.report.places import About, placed

DECLARATION = """\
topics:
  one: {title: First-Topic}
  two: {title: Second, note: First-Topic}
deadline: 10m
"""
PROGRAM = Location("components/topic.py", 7)


def told(
    root: Path, value: object, *asked_by: Location, sentence: str = "Property `title` must be otherwise."
) -> Finding:
    (root / "pipeline.yaml").write_text(DECLARATION)
    resource = Registration("urn", "gcp:pubsub/topic:Topic", "t", "", True, {"title": value}, {})
    finding = Finding("provider-inputs", sentence, PROGRAM)
    [found] = placed([About(finding, resource, asked_by)], root, "prod")
    return found


ONE = Location("pipeline.yaml", 2, 3)


@pytest.mark.parametrize(
    ("value", "asked_by", "line", "key"),
    [
        ("Second", (), 3, "topics.two.title"),  # it stands once
        ("First-Topic", (ONE,), 2, "topics.one.title"),  # once in the part that asks for the resource
        ("nba-First-Topic-alert", (ONE,), 2, "topics.one.title"),  # as a part of what was made of it
        ({"$concat": ["First-Topic of ", {"$ref": "x", "property": "id"}]}, (ONE,), 2, "topics.one.title"),
    ],
)
def test_the_value_is_found(tmp_path: Path, value: object, asked_by: tuple[Location, ...], line: int, key: str) -> None:
    found = told(tmp_path, value, *asked_by)
    assert (found.at.file, found.at.line) == ("pipeline.yaml", line)
    assert found.message == f"Property `title` must be otherwise. The value is that of `{key}`."


def test_what_stands_twice_or_nowhere_is_told_at_the_line_that_asks_for_the_resource(tmp_path: Path) -> None:
    assert told(tmp_path, "600s", ONE).at == ONE
    assert told(tmp_path, "First-Topic").at == PROGRAM
    assert told(tmp_path, None).at == PROGRAM


def test_an_example_in_the_sentence_is_not_the_value(tmp_path: Path) -> None:
    assert (
        told(tmp_path, None, sentence='Property `title` must be a name such as "Second"; it is nothing.').at == PROGRAM
    )


def test_one_value_that_many_resources_have_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text("labels: {team: Parcels}\n")
    about = [
        About(
            Finding("provider-inputs", f"Resource {number}: Property `labels[team]` is refused.", PROGRAM),
            Registration(f"urn{number}", "t", "n", "", True, {"labels": {"team": "Parcels"}}, {}),
            (),
        )
        for number in range(3)
    ]
    [found] = placed(about, tmp_path, "prod")
    assert found.message.endswith("The value is that of `labels.team`, and the same is refused of 2 more.")
