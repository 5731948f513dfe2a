"""What one part of a declaration says need not be said again; said again it changes nothing, or is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blueprint.loader import load_manifest, read_declaration
from blueprint.manifest import Manifest
from blueprint.schemas.messages import labelled

ROOT = Path(__file__).resolve().parents[2]
METERS = ROOT / "tests" / "pipelines" / "meters"
TEXT = (METERS / "pipeline.yaml").read_text(encoding="utf-8")
WATCH = "        often: {cron: \"*/5 * * * *\"}\n"  # fmt: skip
START = "    entry_point: start_billing\n"


def told(folder: Path, *edits: tuple[str, str]) -> list[str]:
    """Return what is wrong with the declaration of the meters after edits, with its lines."""
    text = TEXT
    for before, after in edits:
        assert before in text
        text = text.replace(before, after, 1)
    (folder / "pipeline.yaml").write_text(text, encoding="utf-8")
    return [f"{each.at}: {each.message}" for each in read_declaration(folder).findings]


def manifest(folder: Path, *edits: tuple[str, str]) -> Manifest:
    assert told(folder, *edits) == []
    return load_manifest(folder)


def meant(read: Manifest) -> dict[str, tuple[object, ...]]:
    """Return what may be left out, as it was understood."""
    functions = {name: (each.publishes, each.trigger.topic) for name, each in read.functions.items()}
    return {**functions, **{name: (each.topics,) for name, each in read.streams.items()}}


def test_what_is_left_out_follows() -> None:
    meters = load_manifest(METERS)
    assert meters.functions["watch-meters"].publishes == ("meters-bill",)
    assert meters.functions["start-billing"].trigger.topic == "meters-read"
    assert meters.functions["start-billing"].publishes == ()
    assert meters.streams["done"].topics == ("meters-read", "meters-billed")
    assert meters.phase_labels() == {"done": ("read", "billed")}


@pytest.mark.parametrize(
    "edit",
    [
        (WATCH, f"{WATCH}    publishes: [meters-bill]\n"),
        (WATCH, f"{WATCH}    publishes: triggers\n"),
        (START, f"{START}    trigger: {{topic: meters-read}}\n"),
        ("topics: completions", "topics: [meters-read, meters-billed]"),
    ],
    ids=("timer", "word", "trigger", "stream"),
)
def test_said_again_it_changes_nothing(tmp_path: Path, edit: tuple[str, str]) -> None:
    assert meant(manifest(tmp_path, edit)) == meant(load_manifest(METERS))


def test_a_timer_publishes_what_it_lists_beside_the_triggers(tmp_path: Path) -> None:
    edited = manifest(tmp_path, (WATCH, f"{WATCH}    publishes: [meters-failures]\n"))
    assert edited.functions["watch-meters"].publishes == ("meters-failures", "meters-bill")


def test_every_trigger_in_order_and_once(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/pipelines/orders/pipeline.yaml", tmp_path)
    text = (tmp_path / "pipeline.yaml").read_text().replace("    publishes: [orders-ready, orders-ship]\n", "")
    (tmp_path / "pipeline.yaml").write_text(text)
    assert load_manifest(tmp_path).functions["watch-orders"].publishes == ("orders-ready", "orders-ship")


@pytest.mark.parametrize(
    ("edits", "sentences"),
    [
        (((START, f"{START}    trigger: {{topic: meters-billed}}\n"),), ["orchestrates 'reading_to_billing' but consumes 'meters-billed'"]),
        ((("    upstream: reading\n", "    upstream: redding\n"),), ["names the phase 'redding'"]),
        ((("      topic: meters-bill\n", "      topic: meters-bil\n"),), ["names the topic 'meters-bil'"]),
        ((("    completion_topic: meters-read\n", "    completion_topic: meters-red\n"),), ["names the topic 'meters-red'"]),
        (((WATCH, f"{WATCH}    publishes: trigers\n"),), ["must be a list, or the word 'triggers', not 'trigers'"]),
        (((WATCH, f"{WATCH}    publishes: 3\n"),), ["must be a list, not '3'"]),
        ((("topics: completions", "topics: completion"),), ["must be a list, or the word 'completions'"]),
        ((("function: start-billing", "function: start-biling"),), ["lacks the key 'trigger'"]),
        ((("boundaries:\n", "boundaries: 3\nother:\n"),), ["'trigger'", "'boundaries'", "unknown key 'other'"]),
    ],
)  # fmt: skip
def test_one_mistake_is_told_once(tmp_path: Path, edits: tuple[tuple[str, str], ...], sentences: list[str]) -> None:
    said = told(tmp_path, *edits)
    assert len(said) == len(sentences), said
    assert all(any(sentence in each for each in said) for sentence in sentences), said


def test_a_message_lists_labels_only_where_it_wants_to() -> None:
    schema = {"type": "object", "properties": {"phase": {"type": "string"}}}
    assert labelled(schema, ("a", "b"))["properties"]["phase"] == {"type": "string", "enum": ["a", "b"]}
    assert schema["properties"] == {"phase": {"type": "string"}}
    own = {"type": "object", "properties": {"phase": {"type": "string", "enum": ["b"]}}}
    assert labelled(own, ("a", "b")) == own
    assert labelled(schema, ()) == schema
