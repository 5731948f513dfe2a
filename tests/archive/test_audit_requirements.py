"""What an installation brings: requirements in every form, and names that nobody guesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit.tree import audit_tree
from tests.archive.auditing import one


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


@pytest.mark.parametrize(
    ("taken", "requirements", "verdict"),
    [
        ("storage", "google-cloud-storage==2.18.0", "sound"),
        ("storage", "requests==2.32.3", "cannot start"),
        ("own", "requests==2.32.3", "sound"),
    ],
)
def test_a_folder_without_init_shares_its_name_with_what_is_installed(
    taken: str, requirements: str, verdict: str, tmp_path: Path
) -> None:
    own = tmp_path / "one" / "google" / "cloud" / "own"
    own.mkdir(parents=True)
    (own / "__init__.py").write_text("x = 1\n")
    main = f"import google.cloud.own\nfrom google.cloud import {taken}"
    assert one(tmp_path, main, requirements).verdict == verdict
