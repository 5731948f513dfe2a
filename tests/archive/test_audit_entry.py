"""How the entry is loaded, what it reads beside the code, and what its modules load when they are asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analysis.audit.deployment import Deploy
from analysis.audit.tree import audit_tree
from tests.archive.auditing import TARGET, one

_BY_FRAMEWORK = ("-c", "import functions_framework; functions_framework.create_app('handle', 'main.py', 'http')")


@pytest.mark.parametrize(
    ("file", "text", "verdict"),
    [
        ("one/README.md", "gcloud functions deploy", "not known"),
        ("deploy.sh", "aws lambda update-function-code --function-name one", "not known"),
        ("one/Dockerfile", "FROM python:3.11\nCMD exec functions-framework --target=handle\n", "sound"),
        ("one/Dockerfile", "FROM python:3.11\nCMD exec gunicorn --bind :8080 main:app\n", "cannot start"),
        ("one/requirements.txt", "functions-framework==3.8.0\n", "sound"),
        ("deploy.sh", "gcloud functions deploy one --source one\n", "sound"),
        ("cloudbuild.yaml", "steps:\n- script: gcloud run deploy one --function=handle\n", "sound"),
        ("cloudbuild.yaml", "steps:\n- script: gcloud run deploy one --image=one\n", "not known"),
    ],
)
def test_the_framework_alone_makes_the_entry_a_package(file: str, text: str, verdict: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "helper.py").write_text("VALUE = 1\n")
    (tmp_path / file).write_text(text)
    assert one(tmp_path, "from .helper import VALUE").verdict == verdict
    either = "try:\n    from .helper import VALUE\nexcept ImportError:\n    from helper import VALUE"
    assert one(tmp_path, either).verdict == "sound"


@pytest.mark.parametrize(("start", "runs"), [(_BY_FRAMEWORK, True), (("-c", "import main"), False)])
def test_relative_imports_of_the_entry_work_under_the_framework_alone(
    start: tuple[str, ...], runs: bool, tmp_path: Path
) -> None:
    (tmp_path / "helper.py").write_text("VALUE = 1\n")
    (tmp_path / "main.py").write_text("from .helper import VALUE\n\n\ndef handle(request):\n    return str(VALUE)\n")
    done = subprocess.run((sys.executable, *start), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is runs
    assert runs or "attempted relative import with no known parent package" in done.stderr


@pytest.mark.parametrize(
    ("main", "verdict"),
    [
        ("open('table.json')", "cannot start"),
        ("def late():\n    return open('table.json')", "breaks when reached"),
        ("try:\n    open('table.json')\nexcept OSError:\n    pass", "sound"),
        ("import os\nif os.path.exists('table.json'):\n    open('table.json')", "sound"),
        ("open('there.json')", "sound"),
        ("open('/tmp/made.json')", "sound"),
    ],
)
def test_a_data_file_is_there_or_a_build_may_make_it_or_nothing_does(main: str, verdict: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "there.json").write_text("{}")
    unsure = one(tmp_path, main)
    assert unsure.verdict == (verdict if verdict == "sound" else "not known")
    assert (
        verdict == "sound" or unsure.findings[0].message == "read beside the code, but not there; a build may make it."
    )
    [sure] = audit_tree(tmp_path, target_python=TARGET, way=Deploy.FOLDER).functions
    assert sure.verdict == verdict


@pytest.mark.parametrize(
    ("main", "missing"),
    [
        ("import late\nlate.here", ()),
        ("from late import here", ()),
        ("import late\nlate.other", ("late.gone",)),
        ("from late import other", ("late.gone",)),
        ("import late as l\ndef f():\n    return l.other.x", ("late.gone",)),
    ],
)
def test_what_a_module_loads_when_asked_counts_where_somebody_asks(
    main: str, missing: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "one" / "late").mkdir(parents=True)
    (tmp_path / "one" / "late" / "__init__.py").write_text(
        "here = 1\n\n\ndef __getattr__(name):\n    import late.gone\n    return late.gone\n"
    )
    assert one(tmp_path, main).missing == missing
