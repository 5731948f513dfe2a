"""The lock: what provides an import, what an archive installs, and what is wrong with the lock itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from blueprint.archive import Distribution, LockedDistributions, read_distributions
from blueprint.archive.distributions import dump_metadata, read_lock
from blueprint.archive.requirements import Requirements, read_requirements
from ops.lock import provided_modules

ROOT = Path(__file__).resolve().parents[2]
LOCK = """\
alpha==1.0 \\
    --hash=sha256:aa00000000000000000000000000000000000000000000000000000000000000 \\
    --hash=sha256:bb00000000000000000000000000000000000000000000000000000000000000
    # via -r functions/requirements.in
Beta_Two[extra]==2.0.post1 \\
    --hash=sha256:cc00000000000000000000000000000000000000000000000000000000000000
    # via
    #   alpha
    #   gamma
gamma==3
    # via alpha
"""


def test_a_lock_is_read_with_hashes_and_who_needs_what() -> None:
    pins = read_lock(LOCK)
    assert list(pins) == ["alpha", "beta-two", "gamma"]
    assert [len(pin.hashes) for pin in pins.values()] == [2, 1, 0]
    assert pins["beta-two"].version == "2.0.post1"
    assert pins["beta-two"].needed_by == ("alpha", "gamma")
    assert [pin.line for pin in pins.values()] == [1, 5, 10]


def test_requirements_are_minimal_complete_and_hashed() -> None:
    locked = LockedDistributions(
        {
            "a": Distribution("a", "1", ("a",), requires=("b",)),
            "b": Distribution("b", "2", ("b",), requires=("a",)),
            "c": Distribution("c", "3", ("c",)),
        },
        {"a": ("sha256:1", "sha256:2"), "b": ("sha256:3",)},
    )
    text = locked.requirements(locked.installed(["a"]))
    assert text == "a==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\nb==2 \\\n    --hash=sha256:3\n"


@pytest.mark.parametrize(
    ("module", "provider"),
    [
        ("google.cloud.pubsub_v1.types", "google-cloud-pubsub"),
        ("google.cloud", ""),
        ("google.cloud.storage", None),
        ("yaml", "pyyaml"),
        ("yam", None),
    ],
)
def test_the_longest_known_name_provides(module: str, provider: str | None) -> None:
    locked = LockedDistributions(
        {
            "google-cloud-pubsub": Distribution("google-cloud-pubsub", "1", ("google.cloud.pubsub_v1",)),
            "pyyaml": Distribution("pyyaml", "1", ("yaml",)),
        }
    )
    assert locked.provider(module) == provider


def test_the_projects_lock_is_sound_and_says_what_things_cost() -> None:
    locked, findings = read_distributions(ROOT / "functions", ROOT)
    assert findings == []
    framework = locked.distributions["functions-framework"]
    assert framework.direct
    assert framework.installed_bytes > 50_000
    assert framework.import_modules is not None
    assert "flask" in framework.requires
    assert locked.provider("google.cloud.firestore_v1") == "google-cloud-firestore"


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        ("requirements.in", lambda text: text + "pandas\n", "'pandas' is required but not in requirements.lock"),
        ("requirements.lock", lambda text: text + "--find-links https://mirror.example.com\n", "names a host"),
        ("requirements.lock", lambda text: text + "unhashed==1.0\n", "pin of 'unhashed' has no hash"),
        ("requirements.lock", lambda text: text + "\n", "describes another lock"),
        ("distributions.json", lambda text: "{", "cannot be read"),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path: Path, file: str, change: object, sentence: str) -> None:
    for name in ("requirements.in", "requirements.lock", "distributions.json"):
        shutil.copy(ROOT / "functions" / name, tmp_path / name)
    path = tmp_path / file
    path.write_text(change(path.read_text()))  # type: ignore[operator]
    _, findings = read_distributions(tmp_path, tmp_path)
    assert any(sentence in finding.message for finding in findings)
    assert {finding.severity for finding in findings} == {"violation"}


def test_metadata_is_written_the_same_every_time() -> None:
    one, two = Distribution("b", "1", ("b",)), Distribution("a", "1", ("a",))
    assert dump_metadata(LOCK, [one, two]) == dump_metadata(LOCK, [two, one])
    assert [each["name"] for each in json.loads(dump_metadata(LOCK, [one, two]))["distributions"]] == ["a", "b"]


def test_provided_modules_are_the_shortest_names() -> None:
    files = [
        "google/cloud/thing/__init__.py",
        "google/cloud/thing/part.py",
        "google/cloud/_single.py",
        "top.py",
        "native.cpython-311-x86_64-linux-gnu.so",
        "thing-1.0.dist-info/METADATA",
        "../../bin/tool.py",
    ]
    assert sorted(set(provided_modules(files))) == ["google.cloud._single", "google.cloud.thing", "native", "top"]


@pytest.mark.parametrize(
    ("line", "module", "provider"),
    [
        ("PyYAML==6.0", "yaml", "pyyaml"),
        ("google-cloud-secret-manager", "google.cloud.secretmanager_v1", "google-cloud-secret-manager"),
        ("google-cloud-bigquery[pandas]==3", "pandas.core", "pandas"),
        ("google-cloud-bigquery==3", "pandas", None),
        ("google-cloud-storage", "google.api_core.exceptions", "google-api-core"),
        ("scikit-learn", "sklearn.metrics", "scikit-learn"),
        ("psycopg2-binary==2.9", "psycopg2", "psycopg2-binary"),
        ("", "flask", "flask"),
        ("", "google.cloud", ""),
        ("# requests", "requests", None),
        ("requests ; python_version > '3'", "requests", "requests"),
        ("-r more.txt", "boto3", "boto3"),
    ],
)
def test_requirements_of_foreign_trees(line: str, module: str, provider: str | None) -> None:
    found = tuple(read_requirements(line, lambda name: "boto3==1\n" if name == "more.txt" else None))
    assert Requirements(found).provider(module) == provider


@pytest.mark.parametrize(
    ("line", "exact"),
    [
        ("a==1.0", True),
        ("a>=1.0", False),
        ("a", False),
        ("a==1.*", False),
        ("a @ https://x/y.whl", True),
        ("a~=1", False),
    ],
)
def test_exact_requirements(line: str, exact: bool) -> None:
    assert [each.exact for each in read_requirements(line, lambda _: None)] == [exact]
