"""The lock: what provides an import, what an archive installs, and what is wrong with the lock itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from analysis.audit.requirements import Requirements
from analysis.audit.requirements_file import RequirementsReader
from blueprint.archive import Distribution, LockedDistributions, read_distributions
from blueprint.archive.distributions import direct_requirements, dump_metadata, platform_of, read_lock
from blueprint.findings import Location
from ops.lock import fitting_files, installed_bytes, provided_modules

ROOT = Path(__file__).resolve().parents[2]
TARGET = (3, 11)
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
    assert pins["beta-two"].extras == ("extra",)
    assert pins["beta-two"].needed_by == ("alpha", "gamma")
    assert [pin.line for pin in pins.values()] == [1, 5, 10]


def test_requirements_are_minimal_complete_and_hashed() -> None:
    locked = LockedDistributions(
        {
            "a": Distribution("a", "1", ("a",), requires=("b",)),
            "b": Distribution("b", "2", ("b",), requires=("a",), extras=("x", "y")),
            "c": Distribution("c", "3", ("c",)),
        },
        {"a": {"z.whl": "sha256:1", "y.whl": "sha256:2"}, "b": {"b.tar.gz": "sha256:3"}},
    )
    text = locked.requirements(locked.installed(["a"]))
    assert text == "a==1 --hash=sha256:1 --hash=sha256:2\nb==2 --hash=sha256:3\nb[x,y]==2 --hash=sha256:3\n"


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
    locked, findings = read_distributions(ROOT / "functions", ROOT, TARGET)
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
    copy_lock(tmp_path)
    path = tmp_path / file
    path.write_text(change(path.read_text()))  # type: ignore[operator]
    _, findings = read_distributions(tmp_path, tmp_path, TARGET)
    assert any(sentence in finding.message for finding in findings)
    assert {finding.severity for finding in findings} == {"violation"}


def copy_lock(folder: Path) -> None:
    for name in ("requirements.in", "requirements.lock", "distributions.json", "names.txt"):
        shutil.copy(ROOT / "functions" / name, folder / name)


@pytest.mark.parametrize(
    ("files", "severity", "sentence"),
    [
        (
            lambda files: {},
            "violation",
            "No file of 'grpcio' 1.85.1 installs with Python 3.11 on x86_64-manylinux_2_35",
        ),
        (lambda files: {"grpcio.tar.gz": next(iter(files.values()))}, "warning", "'grpcio' 1.85.1 has no wheel for"),
        (
            lambda files: {"grpcio-cp311.whl": "sha256:" + "0" * 64},
            "violation",
            "grpcio-cp311.whl in distributions.json",
        ),
    ],
)
def test_a_pin_that_the_runtime_cannot_install_is_found(
    tmp_path: Path, files: object, severity: str, sentence: str
) -> None:
    copy_lock(tmp_path)
    path = tmp_path / "distributions.json"
    metadata = json.loads(path.read_text())
    row = next(each for each in metadata["distributions"] if each["name"] == "grpcio")
    row["files"] = files(row["files"])  # type: ignore[operator]
    path.write_text(json.dumps(metadata))
    _, findings = read_distributions(tmp_path, tmp_path, TARGET)
    assert [finding.severity for finding in findings] == [severity]
    assert sentence in findings[0].message
    assert "grpcio==1.85.1" in (tmp_path / "requirements.lock").read_text().splitlines()[(findings[0].at.line or 0) - 1]


def test_files_for_another_runtime_are_refused() -> None:
    _, findings = read_distributions(ROOT / "functions", ROOT, (3, 12))
    assert [finding.severity for finding in findings] == ["violation"]
    assert "does not name the files for Python 3.12 on x86_64-manylinux_2_35" in findings[0].message
    assert findings[0].at == Location("functions/distributions.json")


def test_a_runtime_without_files_is_told_where_it_is_written() -> None:
    written = Location("pipeline.yaml", 297, 10)
    _, findings = read_distributions(ROOT / "functions", ROOT, (3, 99), written)
    assert [finding.at for finding in findings] == [written]
    assert read_distributions(ROOT / "functions", ROOT, TARGET, written)[1] == []


@pytest.mark.parametrize(
    ("python", "glibc"), [((3, 7), "2_27"), ((3, 9), "2_27"), ((3, 10), "2_35"), ((3, 13), "2_35"), ((3, 14), "2_39")]
)
def test_the_platform_is_the_runtimes_image(python: tuple[int, int], glibc: str) -> None:
    assert platform_of(python) == f"x86_64-manylinux_{glibc}"


def test_metadata_is_written_the_same_every_time() -> None:
    one, two = Distribution("b", "1", ("b",)), Distribution("a", "1", ("a",))
    files = {"a": {"z": "1", "y": "2"}}
    text = dump_metadata(LOCK, TARGET, [one, two], files)
    assert text == dump_metadata(LOCK, TARGET, [two, one], {"a": {"y": "2", "z": "1"}})
    assert [(each["name"], list(each["files"])) for each in json.loads(text)["distributions"]] == [
        ("a", ["y", "z"]),
        ("b", []),
    ]


def test_scripts_of_the_installer_do_not_count_as_size(tmp_path: Path) -> None:
    """Their first line is the path of an interpreter, so the same lock had another size in another checkout."""
    for file, size in {
        "a/__init__.py": 10,
        "bin/a": 300,
        "a-1.dist-info/RECORD": 50,
        "a-1.dist-info/METADATA": 5,
    }.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"x" * size)
    files = ["a/__init__.py", "bin/a", "../../bin/a", "a-1.dist-info/RECORD", "a-1.dist-info/METADATA", "gone.py"]
    assert installed_bytes(tmp_path, files) == 15


def test_the_files_of_a_target_are_its_wheels_else_the_sdist() -> None:
    a, b, c = (f"{each}{each}" + "0" * 62 for each in "abc")
    pylock = f"""
        [[packages]]
        name = "alpha"
        sdist = {{ url = "https://x/alpha-1.0.tar.gz", hashes = {{ sha256 = "{b}" }} }}
        wheels = [
            {{ url = "https://x/alpha-1.0%2Blocal-py3-none-any.whl", hashes = {{ sha256 = "{a}" }} }},
            {{ name = "alpha-1.0-1-py3-none-any.whl", hashes = {{ sha256 = "{c}" }} }},
        ]
        [[packages]]
        name = "Beta.Two"
        sdist = {{ path = "files/beta_two-2.0.post1.tar.gz", hashes = {{ sha256 = "{c}" }} }}
        [[packages]]
        name = "gamma"
    """
    assert fitting_files(pylock, read_lock(LOCK)) == {
        "alpha": {"alpha-1.0+local-py3-none-any.whl": f"sha256:{a}"},
        "beta-two": {"beta_two-2.0.post1.tar.gz": f"sha256:{c}"},
        "gamma": {},
    }


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
    files = {"requirements.txt": line.encode(), "more.txt": b"boto3==1\n"}
    found = tuple(RequirementsReader(files.get, TARGET).read("requirements.txt"))
    assert Requirements(found).provider(module) == provider


@pytest.mark.parametrize(
    ("line", "exact"),
    [
        ("a==1.0", True),
        ("a[b]==1.0 --hash=sha256:00 --hash=sha256:11", True),
        ("a>=1.0", False),
        ("a", False),
        ("a==1.*", False),
        ("a @ https://x/y.whl", True),
        ("a~=1", False),
    ],
)
def test_exact_requirements(line: str, exact: bool) -> None:
    assert [each.exact for each in RequirementsReader(lambda _: line.encode(), TARGET).read("x")] == [exact]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('colorama ; sys_platform == "win32"', []),
        ('tomli==2.0.1; python_version < "3.11"', []),
        ('requests[socks]>=2 ; python_version >= "3.9"', ["requests"]),
        ("flask==3.0.0  # web", ["flask"]),
        ("-r other.in", []),
    ],
)
def test_a_requirement_for_another_platform_is_not_asked_of_the_lock(line: str, wanted: list[str]) -> None:
    assert list(direct_requirements(line, (3, 11))) == wanted
