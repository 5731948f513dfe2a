"""A sample of `make fuzz`, and every input that once failed: an answer in time, in words that stay where they are put."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.fuzz.inputs import mutated
from tests.fuzz.readers import READERS, Reader
from tests.fuzz.trial import fault

INPUTS = 2_000
KEPT = sorted(path for path in (Path(__file__).parent / "kept").glob("*/*") if path.is_file())
BY_NAME = {reader.name: reader for reader in READERS}


@pytest.fixture(autouse=True)
def _whole_sentences() -> None:
    """Hold no sentence to its form here: it quotes inputs that may hold anything."""


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_no_input_is_a_fault(reader: Reader) -> None:
    inputs = (mutated(reader.begin(), reader.name, number) for number in range(INPUTS // len(READERS)))
    assert [(why, content[:200]) for content in inputs if (why := fault(reader, content))] == []


def test_what_once_failed_is_taken() -> None:
    failed = [path for path in KEPT if fault(BY_NAME[path.parent.name], base64.decodebytes(path.read_bytes()))]
    assert failed == []


def raising(_: bytes) -> list[str]:
    raise KeyError("x")


@pytest.mark.parametrize(
    ("read", "why"),
    [
        (raising, "KeyError: 'x'"),
        (lambda _: ["\x1b[31m"], "it says what moves a terminal"),
        (lambda _: ["\u202e"], "it says what moves a terminal"),
        (lambda _: ["a" * 300_000], "it says 300000 characters"),
    ],
)
def test_a_fault_is_seen(read: object, why: str) -> None:
    assert fault(Reader("bad", "pipeline.yaml", read), b"x").startswith(why)  # type: ignore[arg-type]


def test_inputs_are_found_again() -> None:
    assert mutated((b"abc",), "one", 7) == mutated((b"abc",), "one", 7)
    assert len({mutated((b"abcdef",), "one", number) for number in range(100)}) > 50
