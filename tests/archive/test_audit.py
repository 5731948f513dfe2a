"""The audit of a messy tree: links, guards, lazy imports, broken entries; each function is judged by its consequence."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit.model import AuditedFunction
from analysis.audit.tree import audit_tree
from tests.archive.auditing import MESSY, TARGET

EXPECTED = {
    "caller_swallows": ("degrades silently", ["shared.alerts.slack"]),
    "computed": ("not known", []),
    "dangling_reached": ("cannot start", ["shared.config.project"]),
    "dangling_unreached": ("sound", []),
    "fallback": ("sound", ["shared.config.project"]),
    "guard_misses_syntax": ("cannot start", []),
    "guarded_chain": ("degrades silently", ["requests"]),
    "guarded_missing": ("degrades silently", ["shared.alerts.slack"]),
    "lazy_chain": ("breaks when reached", ["shared.validation.new"]),
    "lazy_missing": ("breaks when reached", ["shared.clients.pool"]),
    "links_in_circles": ("sound", []),
    "new_file_not_linked": ("cannot start", ["shared.validation.new"]),
    "no_entry": ("cannot start", []),
    "no_requirements": ("cannot start", ["requests"]),
    "only_local_run": ("sound", []),
    "own_path": ("sound", []),
    "pandas_by_extra": ("sound", []),
    "renamed": ("cannot start", []),
    "sound": ("sound", []),
    "third_party": ("cannot start", ["google.cloud.pubsub_v1", "pandas", "yaml"]),
    "unbound": ("breaks when reached", []),
}


@pytest.fixture(scope="module")
def audited() -> dict[str, AuditedFunction]:
    return {each.name: each for each in audit_tree(MESSY, target_python=TARGET).functions}


def test_every_function_folder_is_found(audited: dict[str, AuditedFunction]) -> None:
    assert list(audited) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_verdict_and_missing_modules(name: str, audited: dict[str, AuditedFunction]) -> None:
    assert (audited[name].verdict, list(audited[name].missing)) == EXPECTED[name]


def test_findings_come_worst_first(audited: dict[str, AuditedFunction]) -> None:
    mixed = audited["third_party"].findings
    assert [finding.consequence.words for finding in mixed] == ["cannot start", "cannot start", "breaks when reached"]


def test_a_missing_module_is_reported_once_with_every_place(tmp_path: Path) -> None:
    function = tmp_path / "one"
    function.mkdir()
    (function / "main.py").write_text(
        "import gone\nimport helper\n\n\ndef handle(request):\n    import gone\n    return helper, gone\n"
    )
    (function / "helper.py").write_text("from gone import thing\n")
    found = audit_tree(tmp_path, target_python=TARGET).functions[0].findings
    assert [(each.subject, [(site.file, site.line) for site in each.sites]) for each in found] == [
        ("gone", [("one/helper.py", 1), ("one/main.py", 1), ("one/main.py", 6)])
    ]


@pytest.mark.parametrize(
    ("main", "verdict"), [("", "cannot start"), ("exec('x = 1')\n", "sound"), ("def handle(request): ...\n", "sound")]
)
def test_a_file_that_defines_nothing_cannot_start(main: str, verdict: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "main.py").write_text(main)
    assert audit_tree(tmp_path, target_python=TARGET).functions[0].verdict == verdict


def test_no_folder_is_left_out_without_a_word(tmp_path: Path) -> None:
    for folder in ("build", "env", "dist", "venv"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.py").write_text("def handle(request):\n    return 1\n")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    (tmp_path / "linked").symlink_to("build")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / ".git").mkdir()
    audit = audit_tree(tmp_path, target_python=TARGET)
    assert [each.name for each in audit.functions] == ["build", "dist", "env"]
    assert audit.left_out == (
        *("linked: a link", "node_modules: installed packages", "venv: an environment of Python"),
    )
