"""The command and its exit codes, its cache, and the audit of our own functions."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from analysis.audit.model import AuditedFunction
from analysis.audit.tree import audit_tree
from analysis.cache import Cache
from ops import exitcodes
from ops.__main__ import main
from tests.archive.auditing import MESSY, TARGET, one


def test_the_command_says_that_it_is_not_known_by_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one(tmp_path, "import strange", "some-thing==1.0")
    assert main(["audit", str(tmp_path), "--no-cache"]) == 4
    assert "'some-thing' may bring it, or need what brings it" in capsys.readouterr().out
    one(tmp_path, "import strange\nimport one.gone", "some-thing==1.0")
    assert main(["audit", str(tmp_path), "--no-cache"]) == 1
    one(tmp_path, "import json", "some-thing==1.0")
    assert main(["audit", str(tmp_path), "--no-cache"]) == 0


def test_nothing_is_written_into_the_tree_and_nothing_is_run(tmp_path: Path) -> None:
    tree = tmp_path / "tree" / "one"
    tree.mkdir(parents=True)
    (tree / "main.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n\n\ndef handle(request):\n    pass\n")
    before = sorted(path.name for path in tree.rglob("*"))
    audit_tree(tmp_path / "tree", target_python=TARGET, cache=Cache(tmp_path / "cache"))
    assert sorted(path.name for path in tree.rglob("*")) == before
    assert not (tmp_path / "ran").exists()


def test_a_second_run_gives_the_same_and_sees_every_change(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(MESSY.parent, tree, symlinks=True)

    def run() -> dict[str, AuditedFunction]:
        audit = audit_tree(tree / "functions", target_python=TARGET, cache=Cache(tmp_path / "cache"))
        return {each.name: each for each in audit.functions}

    first = run()
    assert run() == first
    (tree / "shared" / "alerts" / "slack.py").write_text("def send(text):\n    pass\n")
    assert run()["guarded_chain"].verdict == "sound"
    (tree / "functions" / "renamed" / "requirements.txt").unlink()
    (tree / "shared" / "validation" / "old.py").write_text("def check():\n    pass\n\n\ndef verify():\n    pass\n")
    assert run()["renamed"].verdict == "sound"
    (tree / "shared" / "validation" / "new.py").unlink()
    assert run()["renamed"].verdict == "cannot start"


def test_command_prints_a_table_then_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(MESSY), "--no-cache"]) == 1
    output = capsys.readouterr().out
    assert output.splitlines()[0].split()[:4] == ["function", "verdict", "modules", "missing"]
    assert "new_file_not_linked/shared/validation/__init__.py:2" in output


def test_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(MESSY / "lazy_missing"), "--json", "--no-cache"]) == 1
    told = json.loads(capsys.readouterr().out)
    finding = told["functions"][0]["findings"][0]
    assert finding["consequence"] == "breaks when reached"
    assert finding["sites"] == [{"file": "main.py", "line": 7}]


def test_command_tells_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(tmp_path / "nowhere")]) == 2
    assert main(["audit", str(tmp_path)]) == 2
    assert main(["audit", str(MESSY), "--python", "three"]) == 2
    assert "main.py" in capsys.readouterr().err


def test_our_own_functions_are_sound() -> None:
    root = Path(__file__).resolve().parents[2]
    audit = audit_tree(root / "functions", roots=[root / "functions"], target_python=TARGET)
    assert {each.subject for found in audit.functions for each in found.findings} == {"pipeline.json"}
    assert {each.verdict for each in audit.functions} == {"not known"}  # an archive's view is made when it is built
    audit = audit_tree(
        root / "functions", roots=[root / "functions"], target_python=TARGET, generated=["pipeline.json"]
    )
    assert len(audit.functions) == 7
    assert {each.name: each.missing for each in audit.functions if each.verdict != "sound"} == {}


def test_what_is_generated_is_one_file_and_no_other(tmp_path: Path) -> None:
    reads = ['Path(__file__).with_name("a.json").read_text()', 'open("b.json")']
    lines = ["from pathlib import Path", *reads, "def run(request): return 1"]
    (tmp_path / "main.py").write_text("\n".join(lines))
    (found,) = audit_tree(tmp_path, target_python=TARGET, generated=["a.json"]).functions
    assert (found.verdict, [each.subject for each in found.findings]) == ("not known", ["b.json"])


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads what it is asked about")
@pytest.mark.parametrize(
    ("source", "verdict", "code"),
    [
        ("type Pair = tuple[int, int]\ndef main(request):\n    return 'ok'\n", "not known", exitcodes.UNKNOWN),
        ("def main(request):\n    return 'ok'\n", "sound", exitcodes.SOUND),
    ],
)
def test_syntax_that_is_newer_than_this_python_is_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, verdict: str, code: int
) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "main.py").write_text(source)
    assert main(["audit", str(tmp_path), "--python", "3.12", "--no-cache", "--json"]) == code
    [function] = json.loads(capsys.readouterr().out)["functions"]
    assert function["verdict"] == verdict
    assert ("only Python 3.12 or newer can tell" in json.dumps(function)) is (verdict == "not known")
    # for a runtime that this Python reads, the same is a fault
    assert main(["audit", str(tmp_path), "--python", "3.11", "--no-cache", "--json"]) == (0 if code == 0 else 1)
