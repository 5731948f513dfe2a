"""The audit of a messy tree: links, guards, lazy imports, broken entries; each function is judged by its consequence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.audit.deployment import Deploy
from analysis.audit.model import AuditedFunction
from analysis.audit.tree import audit_tree
from analysis.cache import Cache
from ops import exitcodes
from ops.__main__ import main

_BY_FRAMEWORK = ("-c", "import functions_framework; functions_framework.create_app('handle', 'main.py', 'http')")
MESSY = Path(__file__).parent / "trees" / "messy" / "functions"
TARGET = (3, 11)

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


def test_declared_roots_are_searched_after_the_folder(tmp_path: Path) -> None:
    shutil.copytree(MESSY.parent, tmp_path / "tree", symlinks=True)
    without = audit_tree(tmp_path / "tree" / "functions", target_python=TARGET)
    beside = audit_tree(tmp_path / "tree" / "functions", roots=[tmp_path / "tree"], target_python=TARGET)
    verdicts = [{each.name: each.verdict for each in audit.functions}["caller_swallows"] for audit in (without, beside)]
    # The folder's own package `shared` is regular, so it hides the root's.
    assert verdicts == ["degrades silently", "degrades silently"]
    shutil.rmtree(tmp_path / "tree" / "functions" / "caller_swallows" / "shared")
    again = audit_tree(tmp_path / "tree" / "functions", roots=[tmp_path / "tree"], target_python=TARGET)
    found = {each.name: each for each in again.functions}["caller_swallows"]
    assert found.missing == ("requests",)


def checkout(tmp_path: Path, deploy: str = "") -> Path:
    """Return a checkout with shared code at its top and two functions in a folder of them."""
    for path, text in {
        "common/__init__.py": "",
        "functions/one/main.py": "import common\nimport two.main\n\n\ndef handle(request):\n    return common\n",
        "functions/two/main.py": "def handle(request):\n    return 1\n",
        "deploy.sh": deploy,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_what_lies_at_the_top_counts_only_where_a_deployment_puts_it_there(tmp_path: Path) -> None:
    tree = checkout(tmp_path)
    for pointed in (tree, tree / "functions"):
        audit = audit_tree(pointed, target_python=TARGET)
        assert [each.missing for each in audit.functions] == [("common", "two.main"), ()]
        assert audit.functions[0].verdict == "cannot start"
        assert "it is at" in audit.functions[0].findings[0].message
    shown = audit_tree(tree, roots=[tree], target_python=TARGET)
    assert [each.missing for each in shown.functions] == [("two.main",), ()]


@pytest.mark.parametrize(
    "step",
    [
        'cp -r common "$DIR"/',
        "  cp -rL $ROOT/common/ build/f && zip x",
        "rsync -a ../common out/",
        "COPY common /app/common",
    ],
)
def test_a_copy_step_that_can_be_read_is_a_deployment(step: str, tmp_path: Path) -> None:
    audit = audit_tree(checkout(tmp_path, f"#!/bin/sh\n{step}\n"), target_python=TARGET)
    assert [(each.name, each.file, each.line) for each in audit.copied] == [("common", "deploy.sh", 2)]
    assert [each.missing for each in audit.functions] == [("two.main",), ()]


@pytest.mark.parametrize("step", ["echo cp -r common x", "# cp -r common x", "cp -r other common", "cp 'common"])
def test_what_copies_nothing_is_no_deployment(step: str, tmp_path: Path) -> None:
    assert audit_tree(checkout(tmp_path, f"{step}\n"), target_python=TARGET).copied == ()


def test_no_folder_is_left_out_without_a_word(tmp_path: Path) -> None:
    for folder in ("build", "env", "dist", "venv"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.py").write_text("def handle(request):\n    return 1\n")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    (tmp_path / "linked").symlink_to("build")
    (tmp_path / "node_modules").mkdir()
    audit = audit_tree(tmp_path, target_python=TARGET)
    assert [each.name for each in audit.functions] == ["build", "dist", "env"]
    assert audit.left_out == (
        *("linked: a link", "node_modules: installed packages", "venv: an environment of Python"),
    )


def one(tmp_path: Path, main: str, requirements: str | bytes | None = None) -> AuditedFunction:
    """Return the audit of one function."""
    folder = tmp_path / "one"
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(main + "\n\n\ndef handle(request):\n    return 1\n")
    if requirements is not None:
        text = requirements if isinstance(requirements, bytes) else requirements.encode()
        (folder / "requirements.txt").write_bytes(text)
    return audit_tree(tmp_path, target_python=TARGET).functions[0]


@pytest.mark.parametrize(
    ("main", "requirements"),
    [
        ("import firebase_admin", "firebase-functions==0.4.2"),
        ("import faiss", "faiss-cpu==1.8.0"),
        ("from opentelemetry import trace", "opentelemetry-api==1.26.0"),
        ("from opentelemetry.sdk import trace", "opentelemetry-sdk==1.26.0"),
        ("import dns.resolver", "dnspython==2.6.1"),
        ("import bson", "pymongo==4.8.0"),
        ("import yaml", "pyyaml==6.0.2".encode("utf-16").decode("latin-1")),
        ("from google.cloud import datastore_admin_v1", "google-cloud-datastore==2.23.0"),
        ("import google.cloud.pubsub_v1.types", "google-cloud-pubsub==2.30.0"),
        ("import google.appengine.api.users", "appengine-python-standard==1.1.6"),
        ("import matplotlib, pyparsing, cycler", "matplotlib==3.9.2"),
        ("import yaml", "\ufeffpyyaml==6.0.2"),
        ("import yaml", "PyYAML == 6.0.2 ; python_version >= '3.8'  # why"),
        ("import yaml", "--pre\npyyaml==6.0.2 \\\n    --hash=sha256:00"),
    ],
)
def test_what_is_asked_for_is_installed(main: str, requirements: str, tmp_path: Path) -> None:
    content = (
        requirements.encode("latin-1") if requirements.startswith(("\xff\xfe", "\xfe\xff")) else requirements.encode()
    )
    found = one(tmp_path, main, content)
    assert (found.verdict, found.missing) == ("sound", ())


@pytest.mark.parametrize(
    ("main", "requirements"),
    [
        ("import strange", "some-thing==1.0"),
        ("import strange", "git+https://one.example.com/x/y.git@main#egg=y"),
        ("import strange", "-e git+https://one.example.com/x/y.git"),
        ("import strange", "./libs/gone"),
        ("import strange", "https://one.example.com/other-1.0-py3-none-any.whl"),
        ("import strange", "-r gone.txt"),
        ("import strange", "strange_things @ https://one.example.com/x.zip"),
        ("import yaml", "some-thing==1.0"),
        ("import numpy", "scikit-image==0.25.2"),
        ("import googlecloudprofiler", "google-cloud-profiler==4.1.0"),
        ("import webob", "appengine-python-standard==1.1.6"),
        ("from google.cloud import kms_inventory_v1", "google-cloud-kms==3.0.0"),
        ("import pip._internal", ""),
        ("import importlib\nimport os\nimportlib.import_module(os.environ['NAME'])", ""),
    ],
)
def test_what_cannot_be_told_is_not_known(main: str, requirements: str, tmp_path: Path) -> None:
    found = one(tmp_path, main, requirements)
    assert found.verdict == "not known"
    assert "does not ask for 'strange'" not in "".join(each.message for each in found.findings)


@pytest.mark.parametrize(
    ("main", "requirements"),
    [
        ("import strange", None),
        ("import strange", "requests==2.32.3"),
        ("import yaml", "pyyaml==6.0.2 ; python_version < '3.8'"),
        ("import yaml", "pyyaml==6.0.2 ; sys_platform == 'win32'"),
        ("import yaml", "# pyyaml==6.0.2"),
        ("import cgi", "requests==2.32.3"),
    ],
)
def test_what_surely_nothing_installs_cannot_start(main: str, requirements: str | None, tmp_path: Path) -> None:
    if main == "import cgi":
        folder = tmp_path / "one"
        folder.mkdir()
        (folder / "main.py").write_text("import cgi\n\n\ndef handle(request):\n    return 1\n")
        assert audit_tree(tmp_path, target_python=(3, 13)).functions[0].verdict == "cannot start"
        return
    assert one(tmp_path, main, requirements).verdict == "cannot start"


@pytest.mark.parametrize(
    ("main", "named"),
    [
        ("from google.cloud import storage", "requirements.txt does not ask for 'google-cloud-storage'."),
        ("from google.appengine.api import users", "does not ask for 'appengine-python-standard'."),
        ("import google.strange.api", "nothing that requirements.txt asks for is known to bring it."),
        ("from google.cloud import strange", "nothing that requirements.txt asks for is known to bring it."),
    ],
)
def test_a_distribution_is_named_where_it_is_known_and_never_guessed(main: str, named: str, tmp_path: Path) -> None:
    found = one(tmp_path, main, "requests==2.32.3")
    assert found.verdict == "cannot start"
    assert found.findings[0].message.endswith(named)


@pytest.mark.parametrize(
    ("requirements", "verdict"), [("google-endpoints==4.8.0", "not known"), ("some-thing==1.0", "cannot start")]
)
def test_a_folder_of_the_tree_may_have_the_name_of_what_a_requirement_brings(
    requirements: str, verdict: str, tmp_path: Path
) -> None:
    (tmp_path / "endpoints" / "samples").mkdir(parents=True)
    assert one(tmp_path, "import endpoints", requirements).verdict == verdict


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


def test_nested_files_and_local_projects_are_followed(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("pyyaml==6.0.2\n--requirement=more.txt\n-r base.txt\n")
    (tmp_path / "more.txt").write_text("requests==2.32.3\n")
    (tmp_path / "libs" / "common" / "src" / "helpers").mkdir(parents=True)
    (tmp_path / "libs" / "common" / "src" / "helpers" / "__init__.py").write_text("import nowhere\n")
    found = one(tmp_path, "import yaml\nimport requests\nimport helpers", "-r ../base.txt\n-e ../libs/common\n")
    assert found.missing == ("nowhere",)


def test_projects_that_are_installed_together_share_their_packages(tmp_path: Path) -> None:
    for project, module in (("data", "rows"), ("model", "layers")):
        package = tmp_path / "one" / project / "weather"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / f"{module}.py").write_text("VALUE = 1\n")
    found = one(tmp_path, "from weather import rows\nimport weather.layers", "./data\n./model\n")
    assert found.verdict == "sound"
    found = one(tmp_path, "import weather.gone", "./data\n./model\n")
    assert (found.verdict, found.missing) == ("cannot start", ("weather.gone",))
    found = one(tmp_path, "import strange", "./data\n")
    assert "'./data' may bring it, or need what brings it" in found.findings[0].message


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
