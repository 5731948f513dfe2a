"""Every rule has a page with an example that it refuses and one that it lets pass; tests/incidents executes both."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.readers import READERS
from ops import rules
from ops.drills.cases import Case
from ops.rules import ListedRule
from tests.incidents.cases import BENIGN, REFUSED

ROOT = Path(__file__).resolve().parents[2]
RULES = rules.rules_of(ROOT)
SORTS = {rule.id: {each.sort for each in RULES if each.id == rule.id} for rule in RULES}
NOT_READ = {
    "acceptance-other-python": "says with which Python archives were started",
    "message-fixture": "examples of messages are read by tests alone",
}


def of(rule: ListedRule, cases: list[Case]) -> list[Case]:
    return [case for case in cases if case["rule"] == rule.id and rules.sort_of(case, SORTS[rule.id]) == rule.sort]


def touched(case: Case) -> set[str]:
    """Return the files, resources or alerts that a case changes; of a resource, its kind and the path too."""
    if "edits" in case:
        return {change["file"] for change in case["edits"]} | {Path(each["file"]).suffix for each in case["edits"]}
    return {str(case[key]).partition(" ")[0] for key in ("resource", "alert", "path", "kind") if key in case}


@pytest.mark.parametrize("rule", RULES, ids=[f"{rule.id}-{rule.sort}" for rule in RULES])
def test_every_rule_is_known_from_both_sides(rule: ListedRule) -> None:
    refused, benign = of(rule, REFUSED), of(rule, BENIGN)
    assert refused, f"add a case that '{rule.id}' refuses to tests/incidents/cases.yaml"
    assert benign, f"add a case that looks alike and passes '{rule.id}' to tests/incidents/benign.yaml"
    alike = set().union(*map(touched, refused))
    assert [case["what"] for case in benign if not touched(case) & alike] == [], "it touches nothing that is refused"


@pytest.mark.parametrize("rule", sorted(SORTS))
def test_a_page_names_what_broke_without_its_rule(rule: str) -> None:
    page = (ROOT / rules.FOLDER / f"{rule}.md").read_text(encoding="utf-8")
    for each in (each for each in RULES if each.id == rule):
        assert {int(number) for number in re.findall(r"^\* \*\*(\d+)\*\* ", page, re.MULTILINE)} >= {*each.incidents}
        assert each.title in page


def test_every_case_is_of_a_rule() -> None:
    assert {case["rule"] for case in (*REFUSED, *BENIGN)} == set(SORTS)


def test_pages_are_those_of_the_rules() -> None:
    present = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in (ROOT / rules.FOLDER).glob("*.md")
    }
    assert present == rules.pages(ROOT), "run: make docs; delete the pages of rules that are gone"


def test_a_page_says_what_why_and_both_examples() -> None:
    page = rules.pages(ROOT)["docs/rules/ack-covers-timeout.md"]
    assert "* **36** Ten seconds to acknowledge work that takes minutes." in page
    assert "```diff\n--- pipeline.yaml\n- timeout: 540s\n+ timeout: 600s\n```" in page
    assert page.count("**Sound.**") == 2


def texts(node: ast.expr) -> Iterator[str]:
    """Yield the text that an expression is, if it is one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def named() -> Iterator[str]:
    """Yield each text that stands as the rule of a finding in blueprint/, by constant or in place."""
    for path in sorted((ROOT / "blueprint").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Finding"
                and node.args
            ):
                first = node.args[0]
                yield from texts(first)
            elif isinstance(node, ast.Assign) and [getattr(each, "id", "") for each in node.targets] == ["RULE"]:
                yield from texts(node.value)


def test_every_rule_that_a_finding_names_is_registered() -> None:
    found = set(named())
    assert len(found) > 20
    assert found - SORTS.keys() - NOT_READ.keys() == set()
    assert Counter(reader.id for reader in READERS).most_common(1)[0][1] == 1
