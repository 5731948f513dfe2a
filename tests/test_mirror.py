"""Tests mirror the source tree, so that a module's test is found by its name; what does not is listed with the reason.

`tests/ops/change/test_render.py` tests `ops/change/render.py`; `tests/blueprint/test_contracts.py` tests a package as a
whole. What looks at several parts at once stands in a folder named after its subject.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
MIRRORED = ("analysis", "blueprint", "ops", "policies", "provider")
BY_SUBJECT = {
    "advisories": "what is said of published advisories",
    "archive": "archives of trees, from the reader of Python to the zip",
    "bootstrap": "who may do what, over bootstrap/ and the program",
    "docs": "pages against what they tell of",
    "emulators": "functions as processes beside the emulators",
    "engine": "the program under the real engine",
    "functions": "the engine's behaviour, over its modules",
    "fuzz": "bad inputs for everything that reads text from outside",
    "gauntlet": "generated mistakes in copies of the project",
    "incidents": "recorded failures, recreated",
    "mutants": "changes of our own code that tests must see",
    "operations": "the pages of on-call",
    "operators": "on-call's commands over one stored pipeline",
    "pipelines": "the plans of whole pipelines",
    "sealed": "the clean clone",
    "workflows": "the workflows of CI",
}
"""Folders of tests/ that mirror nothing, and what they look at."""
OTHERS = {
    "analysis/sql/test_agreement.py": "all of analysis/sql against Google's analyzer",
    "analysis/sql/test_corpus.py": "all of analysis/sql against what it said before",
    "blueprint/alerts/test_command.py": "ops/alerts.py, over the catalogue of this folder's fixtures",
    "blueprint/schemas/test_changes_agree.py": "contract, difference and twin, on one change of a table",
    "blueprint/schemas/test_published.py": "what functions publish, against the schemas",
    "blueprint/schemas/test_retired.py": "a table that is given up, over plan, inventory and policies",
    "blueprint/test_names_of_others.py": "names in the declaration, by their owners' rules",
    "ops/change/test_every_value.py": "each value of the plan, changed alone",
    "ops/change/test_github.py": "ops/change/render.py, as GitHub shows it",
    "ops/change/test_meaning.py": "what a change does to the running pipeline, over compare and model",
    "ops/rollout/test_program.py": "the environment of a released commit",
    "ops/page/test_browser.py": "the whole page, in a real browser",
    "ops/test_bad_files.py": "every file of a user, spoilt in every way",
    "ops/test_bad_input.py": "every command on mistakes of users",
    "ops/test_causes.py": "one fault, one sentence, over all readers",
    "ops/test_hooks.py": ".pre-commit-hooks.yaml",
    "ops/test_places.py": "where findings point, over all readers",
    "ops/test_remedies.py": "every command that is printed",
    "ops/verification/test_alert_commands.py": "the commands of alerts that run ops/verify.py",
    "ops/verification/test_command.py": "ops/verify.py, on the cloud of this folder's fixtures",
    "ops/verification/test_emulated.py": "a synthetic completion beside the emulators",
    "policies/test_unknown.py": "every rule on values that are not known",
}
"""Tests in mirroring folders that no module of the same place is named after."""
ALONE = {
    "analysis/audit": "tests/archive",
    "analysis/python": "tests/archive",
    "analysis/python/standard": "tests/archive/test_listed_names.py",
    "blueprint/archive": "tests/archive",
    "blueprint/inventory": "tests/ops/embedded/test_inventory.py",
    "ops/drills": "tests/ops/test_drill.py",
    "ops/operate": "tests/operators",
    "ops/report": "tests/ops/test_plan.py",
}
"""Packages whose tests stand elsewhere, and where."""


def mirrored() -> list[str]:
    """Return the tests in mirroring folders, relative to tests/."""
    found = (path for name in MIRRORED for path in (TESTS / name).rglob("test_*.py"))
    return sorted(path.relative_to(TESTS).as_posix() for path in found if "trees" not in path.parts)


def named_after(test: str) -> bool:
    """Say whether a test is named after a module or package of the same place."""
    folder, _, name = test.rpartition("/")
    stem = name.removeprefix("test_").removesuffix(".py")
    return (ROOT / folder / f"{stem}.py").is_file() or (ROOT / folder / stem).is_dir()


@pytest.mark.parametrize("test", mirrored())
def test_a_test_is_named_after_what_it_tests(test: str) -> None:
    assert named_after(test) or test in OTHERS, "name it after its module, or list it with the reason"


def test_exceptions_are_needed() -> None:
    present = set(mirrored())
    assert [test for test in OTHERS if test not in present or named_after(test)] == []
    assert [place for place in ALONE.values() if not (ROOT / place).exists()] == []


def test_every_folder_mirrors_or_has_a_subject() -> None:
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and any(path.rglob("test_*.py"))}
    assert folders == {*MIRRORED, *BY_SUBJECT}


def packages() -> list[str]:
    """Return the packages of the mirrored trees, themselves apart."""
    found = (path.parent for name in MIRRORED for path in (ROOT / name).rglob("__init__.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found if path.parent != ROOT)


@pytest.mark.parametrize("package", packages())
def test_every_package_has_tests_that_its_name_leads_to(package: str) -> None:
    folder, _, name = package.rpartition("/")
    own = (TESTS / folder / f"test_{name}.py").is_file() or any((TESTS / package).glob("test_*.py"))
    assert own != (package in ALONE), "mirror its tests, or say where they are; say it no more once they are mirrored"


@pytest.mark.parametrize(("test", "named"), [("ops/test_plan.py", True), ("ops/test_plans.py", False)])
def test_a_stray_test_is_seen(test: str, *, named: bool) -> None:
    assert named_after(test) is named
