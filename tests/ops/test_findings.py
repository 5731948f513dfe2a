"""One set of findings in every format: the JSON that scripts read, GitHub's annotations, SARIF for code scanning."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from blueprint.findings import Finding, Location
from ops import findings
from ops.findings import FindingsReport
from tests.ops.conftest import Build
from tests.ops.test_plan import ops

HOSTILE = Finding("a-rule", "50% of\r\n::error::it, \x1b[2J gone.", Location("a,b:c %/x y.yaml", 3, 7))
PLAIN = Finding("other", "Look here.", Location("pipeline.yaml"), "warning")
REPORT = FindingsReport("plan", Path(__file__).resolve().parents[2], (HOSTILE, PLAIN), {"a-rule": "What must hold"})

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
ARTIFACT = {
    "type": "object",
    "required": ["uri"],
    "properties": {
        "uri": {"type": "string", "pattern": r"^(?:[A-Za-z0-9._~/!$&'()*+,;=@-]|%[0-9A-F]{2})+$"},
        "uriBaseId": {"const": "%SRCROOT%"},
    },
    "additionalProperties": False,
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "message", "locations"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "physicalLocation": {
                        "type": "object",
                        "required": ["artifactLocation"],
                        "properties": {"artifactLocation": ARTIFACT, "region": REGION},
                        "additionalProperties": False,
                    }
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "shortDescription": TEXT, "help": TEXT},
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "rules": {"type": "array", "uniqueItems": True, "items": RULE},
                                },
                                "additionalProperties": False,
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": RESULT},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
"""The part of SARIF 2.1.0 that is written, as its specification requires it, closed so that nothing is misspelt."""


def checked(log: Any) -> list[Any]:
    """Return the results of a log that is SARIF, whose rules are all described."""
    jsonschema.Draft202012Validator(SARIF).validate(log)
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])
    return list(run["results"])


class TestSarif:
    def test_each_finding_is_a_result_at_its_place(self) -> None:
        first, second = checked(findings.sarif(REPORT))
        assert (first["level"], second["level"]) == ("error", "warning")
        place = first["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "a%2Cb%3Ac%20%25/x%20y.yaml"
        assert place["region"] == {"startLine": 3, "startColumn": 7}
        assert "region" not in second["locations"][0]["physicalLocation"]

    def test_a_rule_with_a_page_says_where_it_is(self) -> None:
        named = Finding("ack-covers-timeout", "It waits too short a time; lengthen it.", PLAIN.at)
        log = findings.sarif(FindingsReport("plan", REPORT.root, (named, PLAIN)))
        helps = {rule["id"]: rule.get("help", {}).get("text") for rule in log["runs"][0]["tool"]["driver"]["rules"]}
        assert checked(log)
        assert helps.pop(PLAIN.rule) is None
        assert str(helps["ack-covers-timeout"]).startswith("docs/rules/ack-covers-timeout.md says")

    def test_a_misspelt_key_is_seen(self) -> None:
        log = findings.sarif(REPORT)
        log["runs"][0]["results"][0]["mesage"] = log["runs"][0]["results"][0].pop("message")
        with pytest.raises(jsonschema.ValidationError):
            checked(log)

    def test_places_are_relative_to_the_repository(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / "deploy").mkdir()
        [result] = checked(findings.sarif(FindingsReport("plan", tmp_path / "deploy", (PLAIN,))))
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "deploy/pipeline.yaml"


class TestGithub:
    def test_nothing_leaves_its_annotation(self) -> None:
        first, second = findings.github(REPORT)
        command, _, message = first.removeprefix("::").partition("::")
        assert command == "error file=a%2Cb%3Ac %25/x y.yaml,line=3,col=7,title=a-rule"
        assert message == "50%25 of\\x0d\\x0a::error::it, \\x1b[2J gone."
        assert second == "::warning file=pipeline.yaml,title=other::Look here."

    def test_it_reads_back(self) -> None:
        """Undo the escapes in the order of GitHub's runner: the last one is the percent sign."""
        message = "It says %0A and %25, and more."
        [line] = findings.github(FindingsReport("plan", REPORT.root, (Finding("r", message, PLAIN.at),)))
        data = line.rpartition("::")[2]
        assert data.replace("%25", "%") == message


class TestCommands:
    BROKEN = 'gcp.pubsub.Topic("t", name="-", opts=own)'

    def test_json_is_the_short_form(self, project: Build) -> None:
        root = str(project(self.BROKEN))
        assert ops("plan", "--json", "--root", root).stdout == ops("plan", "--format", "json", "--root", root).stdout

    def test_all_say_the_same(self, project: Build) -> None:
        root = str(project(self.BROKEN))
        [violation] = json.loads(ops("plan", "--json", "--root", root).stdout)["violations"]
        done = ops("plan", "--format", "sarif", "--root", root)
        assert done.returncode == 1
        [result] = checked(json.loads(done.stdout))
        assert result["message"]["text"] == violation["message"]
        done = ops("plan", "--format", "github", "--root", root)
        assert done.returncode == 1
        [annotation] = done.stdout.splitlines()
        assert re.fullmatch(rf"::error file=__main__.py,line={violation['line']},title=[\w-]+::.+", annotation)

    def test_a_refusal_to_begin_has_the_same_formats(self, project: Build) -> None:
        root = str(project(""))
        for command in ("alerts", "policy"):
            done = ops(command, "--format", "sarif", "--root", root)
            assert done.returncode == 1
            assert checked(json.loads(done.stdout))
            assert "Traceback" not in done.stderr
            assert json.loads(ops(command, "--json", "--root", root).stdout)["violations"]

    @pytest.mark.parametrize(
        "command", ["alerts", "policy", "audit functions --root functions --generated pipeline.json"]
    )
    def test_a_sound_project_is_an_empty_or_warning_log(self, command: str) -> None:
        done = ops(*command.split(), "--format", "sarif")
        assert done.returncode == 0, done.stderr
        assert all(each["level"] == "warning" for each in checked(json.loads(done.stdout)))

    def test_what_others_wrote_reaches_no_terminal(self, project: Build) -> None:
        root = project('gcp.pubsub.Topic("t", name="\\x1b]0;owned\\x07-\\x9b2J", opts=own)')
        for form in ("text", "github"):
            shown = ops("plan", "--format", form, "--root", str(root), FORCE_COLOR="1").stdout
            assert "owned" in shown
            assert not re.search(r"\x1b(?!\[[0-9;]*m)|[\x07\x9b]", shown)
        told = json.loads(ops("plan", "--json", "--root", str(root)).stdout)
        assert "\x1b]0;owned\x07-\x9b2J" in {each["inputs"].get("name") for each in told["resources"]}
