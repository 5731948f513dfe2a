"""A declaration that is wrong is refused with a sentence at the line that is wrong, and with every sentence at once."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from blueprint import yamlsource
from blueprint.decode import Decoder
from blueprint.findings import Refused
from blueprint.grammar import parse_duration
from blueprint.loader import load_manifest, read_manifest, schema
from blueprint.manifest import Manifest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "pipeline.yaml").read_text()
SENDERS = TEXT[TEXT.index("    processors:                 # of a batch") : TEXT.index("# ── Boundaries")]


def line_of(text: str, snippet: str) -> int:
    return text[: text.index(snippet)].count("\n") + 1


def refuse(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "pipeline.yaml").write_text(text)
    with pytest.raises(Refused) as refused:
        load_manifest(tmp_path)
    return [str(finding) for finding in refused.value.findings]


def test_the_real_declaration_loads() -> None:
    manifest = load_manifest(ROOT)
    assert list(manifest.boundaries) == ["phase2_to_phase3", "phase3_to_phase4", "phase4_to_phase5", "phase5_to_phase6"]
    assert len(manifest.functions) == 7
    assert manifest.boundaries["phase2_to_phase3"].modes["any"].rules[1].after == 1800
    assert manifest.publishers_of("nba-phase3-trigger") == (
        "phase2-to-phase3-orchestrator",
        "auto-backfill-orchestrator",
        "self-heal-predictions",
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title: NBA platform", "titel: NBA platform", "unknown key 'titel'; did you mean 'title'?"),
        ("time_zone: America/New_York", "time_zone: America/Gotham", "'America/Gotham' is no time zone"),
        ("  timeout: 540s", "  timeout: 540", "must be a number and a unit such as 30s"),
        ("max_instances: 5", "max_instances: many", "must be a whole number, not 'many'"),
        ("max_instances: 5", "max_instances: true", "must be a whole number, not true"),
        ("require: critical, after: 30m", "require: most, after: 30m", "must be one of 'all', 'critical', not 'most'"),
        ("trigger: {topic: nba-phase2-raw-complete}", "trigger: {topic: nba-phase2-row-complete}", "did you mean"),
        ("upstream: phase4\n", "upstream: phase9\n", "names the phase 'phase9', which is not declared"),
        ("at_least: 4, after", "at_least: 7, after", "it can never hold"),
        ("downstream: phase5\n", "downstream: phase4\n", "start one another in a circle"),
        ("downstream: phase5\n", "downstream: phase3\n", "phase3 → phase4 → phase3 start one another in a circle"),
        (
            "schedule: deadlines}\n    deadline: 30m",
            "schedule: hourly}\n    deadline: 30m",
            "names the schedule 'hourly'",
        ),
        ("    when: before_today", "    when: always", "applies always, so the other modes never would"),
        ("folder: phase2_to_phase3", "folder: ../phase2_to_phase3", "must be a relative path inside the project"),
        ("aliases: [PlayerGameSummaryProcessor]", "aliases: [TeamDefenseGameSummaryProcessor]", "stands for"),
        ("block_below: 60", "unit: percent", "given twice"),
        ("        block_below: 60\n", "", "has no threshold, so it could never say no"),
        (
            "consumers:\n      - {service: prediction-coordinator, path: /start}",
            "consumers: [{service: nobody, path: /x}]",
            "nobody",
        ),
        ("path: /process}", "path: process}", "must be an absolute URL path"),
        ("batch: true ", "batch: false ", "disagree on whether completions are batches"),
        (SENDERS, "", "has no processors, so no completion of it would count"),
        ("from: source_table", "from: source_tabel", "did you mean 'source_table'?"),
        ("secrets: [SLACK_WEBHOOK_URL]", "secrets: [SLACK_WEBHOOK]", "names the secret 'SLACK_WEBHOOK'"),
        ("pipeline: nba\n", "pipeline: NBA!\n", "2 to 12 lower-case letters and digits; 'NBA!' is not"),
    ],
)
def test_one_mistake_is_one_placed_sentence(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in TEXT
    found = refuse(tmp_path, TEXT.replace(old, new, 1))
    assert any(expected in sentence for sentence in found), found
    assert all(sentence.startswith("pipeline.yaml:") for sentence in found)


def test_the_line_is_the_line_of_the_mistake(tmp_path: Path) -> None:
    text = TEXT.replace("max_instances: 5", "max_instances: many", 1)
    assert refuse(tmp_path, text)[0].startswith(f"pipeline.yaml:{line_of(text, 'max_instances: many')}:")


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    text = TEXT.replace("title: NBA platform", "titel: x", 1).replace("unit: count", "unit: apples", 1)
    text = text.replace("  timeout: 540s", "  timeout: soon", 1)
    sentences = " ".join(refuse(tmp_path, text))
    assert "titel" in sentences
    assert "apples" in sentences
    assert "soon" in sentences


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "The file is empty."),
        (b"a: [", "This is not YAML"),
        (b"a: 1\n\tb: 2", "This is not YAML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"- 1\n- 2\n", "must be a mapping of keys to values"),
        (b"just text", "must be a mapping of keys to values"),
        (b"a: 1\na: 2\n", "'a' is given twice (first on line 1)"),
        (b"? [1, 2]\n: 3\n", "A key must be plain text."),
        (b"a: &x {b: *x}\n", ""),
        (b"<<: 3\n", "'<<' merges a mapping"),
        (b"a: !!python/object/apply:os.system [ls]\n", ""),
        (b"x" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_files_that_are_no_declaration(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "pipeline.yaml").write_bytes(content)
    with pytest.raises(Refused) as refused:
        load_manifest(tmp_path)
    assert expected in " ".join(finding.message for finding in refused.value.findings)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    manifest, findings = read_manifest(tmp_path)
    assert manifest is None
    assert [finding.message for finding in findings] == [
        "The file pipeline.yaml is missing; the program cannot do without it."
    ]


def test_aliases_that_multiply_are_bounded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    _, findings = yamlsource.load(tmp_path / "bomb.yaml", "bomb.yaml")
    assert any("without a sensible end" in finding.message for finding in findings)


@given(st.text(max_size=200))
def test_no_text_breaks_the_loader(text: str) -> None:
    node, findings = yamlsource.loads(text, "any.yaml")
    assert node is not None or findings
    if node is not None:
        decoder = Decoder("manifest")
        assert decoder.decode(Manifest, node, "`pipeline.yaml`") is not None or decoder.findings or findings


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("2h", 7200), ("400d", 34_560_000), ("1.5h", None), ("", None), ("5", None)],
)
def test_durations(text: str, seconds: int | None) -> None:
    assert parse_duration(text) == seconds


def test_the_json_schema_accepts_the_declaration_and_is_fresh() -> None:
    made = schema()
    Draft202012Validator.check_schema(made)
    tree, _ = yamlsource.load(ROOT / "pipeline.yaml", "pipeline.yaml")
    assert tree is not None
    assert list(Draft202012Validator(made).iter_errors(tree.plain())) == []
    assert json.loads((ROOT / "pipeline.schema.json").read_text()) == made, "run `make schema`"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("titel",), "x"),
        (("phases", "phase2", "batch"), "yes"),
        (("functions", "daily-health-summary", "timeout"), "soon"),
        (("boundaries", "phase2_to_phase3", "modes", "any", "when"), "later"),
        (("functions", "daily-health-summary", "max_instances"), 0),
    ],
)
def test_the_json_schema_refuses_what_the_loader_refuses(path: tuple[str, ...], value: object) -> None:
    tree, _ = yamlsource.load(ROOT / "pipeline.yaml", "pipeline.yaml")
    assert tree is not None
    data = json.loads(json.dumps(tree.plain()))
    target = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    assert list(Draft202012Validator(schema()).iter_errors(data))
    node, _ = yamlsource.loads(json.dumps(data), "pipeline.yaml")
    assert node is not None
    decoder = Decoder("manifest")
    decoder.decode(Manifest, node, "`pipeline.yaml`")
    assert decoder.findings


def test_values_are_frozen() -> None:
    manifest = load_manifest(ROOT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        manifest.title = "other"  # type: ignore[misc]  # the point of the test
    with pytest.raises(TypeError):
        manifest.functions["x"] = next(iter(manifest.functions.values()))  # type: ignore[index]  # the point of the test
