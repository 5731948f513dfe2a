"""Names of modules that are not ours, by the target's version and the locked files: refused where absent, never falsely."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from analysis.python.distribution_names import names_of
from analysis.python.listed_names import LISTED, ListedNames, standard_library
from analysis.python.syntax import PythonVersion
from blueprint.archive import ArchiveSource, analyse_function, read_distributions

ROOT = Path(__file__).resolve().parents[2]
TARGET: PythonVersion = (3, 11)
LOCKED, _ = read_distributions(ROOT / "functions", ROOT, TARGET)
HANDLE = "\n\ndef handle(request):\n    return 'ok'\n"


def refused(tmp_path: Path, main: str, target: PythonVersion = TARGET) -> list[str]:
    """Return what refuses a function."""
    (tmp_path / "main.py").write_text(main + HANDLE)
    source = ArchiveSource("f", tmp_path, "handle", "http", tmp_path)
    archive = analyse_function(source, locked=LOCKED, target_python=target)
    return [finding.message for finding in archive.findings if finding.severity == "violation"]


@pytest.mark.parametrize(
    ("main", "target", "fragment"),
    [
        (
            "from collections import Mapping",
            (3, 11),
            "'collections' has no name 'Mapping' in the standard library of Py",
        ),
        ("def f():\n    from collections import Mapping", (3, 11), "'collections' has no name 'Mapping'"),
        ("import cgi", (3, 13), "'cgi' is not in the standard library of Python 3.13, on which 'f' runs (3.12 was the"),
        ("import imp", (3, 12), "(3.11 was the last"),
        ("def f():\n    import distutils.util", (3, 12), "'distutils.util' is not in the standard library"),
        ("from importlib import import_module as load\nload('telnetlib')", (3, 13), "'telnetlib' is not in"),
        ("import json.nothing", (3, 11), "no such module"),
        ("from inspect import getargspec", (3, 11), "'inspect' has no name 'getargspec'"),
        ("from typing import override", (3, 11), "'typing' has no name 'override'"),
        ("from asyncio import coroutine", (3, 11), "'asyncio' has no name 'coroutine'"),
        ("import concurrent.nothing", (3, 11), "has no such module"),
        ("from unittest.mock import nothing", (3, 11), "'unittest.mock' has no name 'nothing'"),
        ("from flask import Markup", (3, 11), "'flask' has no name 'Markup' in 'flask' 3"),
        ("def f():\n    from werkzeug.urls import url_quote", (3, 11), "'werkzeug.urls' has no name 'url_quote' in"),
        ("import google.cloud.bigquery.nothing", (3, 11), "'google-cloud-bigquery' 3"),
        ("def f():\n    import google.cloud.bigquery.nothing", (3, 11), "which is locked, has no such module"),
        ("from google.cloud.bigquery import Nothing", (3, 11), "'google.cloud.bigquery' has no name 'Nothing'"),
        ("import importlib\nimportlib.import_module('requests.nothing')", (3, 11), "'requests.nothing' is imported"),
    ],
)
def test_a_name_that_is_surely_absent_is_refused(
    main: str, target: PythonVersion, fragment: str, tmp_path: Path
) -> None:
    messages = refused(tmp_path, main, target)
    assert len(messages) == 1, messages
    assert fragment in messages[0]


@pytest.mark.parametrize(
    ("main", "target"),
    [
        ("from collections.abc import Mapping", (3, 11)),
        ("import cgi, imp, distutils.util", (3, 11)),
        ("import cgi", (3, 12)),
        ("from typing import override", (3, 12)),
        ("import os.path\nfrom os import path, environ", (3, 11)),
        ("from os import nothing_that_this_build_has", (3, 11)),
        ("from socket import AF_SOMETHING", (3, 11)),
        ("import xml.etree.ElementTree as ET\nfrom importlib import metadata", (3, 13)),
        ("from concurrent.futures import ThreadPoolExecutor\nfrom concurrent.futures.thread import _worker", (3, 11)),
        ("from collections import _private", (3, 11)),
        (
            "try:\n    from collections import Mapping\nexcept ImportError:\n    from collections.abc import Mapping",
            (3, 11),
        ),
        (
            "try:\n    from werkzeug.urls import url_quote\nexcept ImportError:\n    from urllib.parse import quote as url_quote",
            (3, 11),
        ),
        ("import sys\nif sys.version_info < (3, 12):\n    import imp", (3, 13)),
        ("from google.protobuf.timestamp_pb2 import Timestamp", (3, 11)),
        ("from google._upb._message import Anything", (3, 11)),
        ("from google.cloud.bigquery import Client, QueryJobConfig, enums", (3, 11)),
        ("from google.cloud import bigquery, firestore, pubsub_v1", (3, 11)),
        ("from flask import Flask, g\nfrom werkzeug.exceptions import NotFound", (3, 11)),
        ("from grpc._cython.cygrpc import Anything", (3, 11)),
        ("from six.moves.urllib.parse import quote", (3, 11)),
    ],
)
def test_what_is_there_or_not_known_is_let_pass(main: str, target: PythonVersion, tmp_path: Path) -> None:
    assert refused(tmp_path, main, target) == []


def test_a_module_of_an_unknown_version_is_not_known() -> None:
    library = standard_library((3, 99))
    assert library.has_top("json")
    assert not library.lacks("json", "nothing")
    assert not library.lacks_module("json.nothing")


@pytest.mark.parametrize("version", LISTED)
def test_every_listed_version_has_what_all_have(version: PythonVersion) -> None:
    library = standard_library(version)
    assert all(library.has_top(name) for name in ("json", "os", "importlib", "_thread"))
    assert not library.lacks_module("xml.etree.ElementTree")
    assert library.lacks("json", "nothing")
    assert library.lost("cgi") == ("3.12" if version == (3, 13) else "")


def test_the_list_of_this_python_refuses_nothing_that_it_has() -> None:
    """Ask the interpreter itself; of `distutils` alone distributors of Python have a version of their own (Debian)."""
    version = (sys.version_info[0], sys.version_info[1])
    if version not in LISTED:
        pytest.skip(f"no list for Python {version}")
    script = ROOT / "analysis" / "python" / "standard" / "listing.py"
    own = subprocess.run(
        (sys.executable, "-S", "-E", script), capture_output=True, text=True, check=True, env={**os.environ}
    ).stdout
    library = standard_library(version)
    rows = [row.split() for row in own.splitlines()]
    assert len(rows) > 400
    wrong = [f"{module}.{name}" for module, *names in rows for name in names if library.lacks(module, name)]
    assert [name for name in wrong if not name.startswith("distutils.")] == []
    assert [module for module, *_ in rows if library.lacks_module(module)] == []


def test_the_list_of_the_lock_refuses_nothing_that_its_distributions_have() -> None:
    """Import what this environment has of the lock, and compare."""
    listed = ListedNames((ROOT / "functions" / "names.txt").read_text(encoding="utf-8"))
    compared = 0
    for name in ("flask", "werkzeug", "requests", "google.cloud.bigquery", "google.cloud.firestore", "google.api_core"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(name)
        for module, loaded in list(sys.modules.items()):
            if f"{module}.".startswith(f"{name}.") and loaded is not None:
                compared += 1
                wrong = [each for each in vars(loaded) if listed.lacks(module, each)]
                assert wrong == [], module
                assert not listed.lacks_module(module)
    assert compared > 150


def test_names_are_read_from_files_that_are_never_run(tmp_path: Path) -> None:
    package = tmp_path / "thing"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("from thing.inner import *\nfrom .lazy import late\nopen('/nowhere')\n")
    (package / "inner.py").write_text("__all__ = ['one']\none = two = 1\n")
    (package / "lazy.py").write_text("def __getattr__(name):\n    return name\n")
    (package / "made.py").write_text("def fill(names):\n    names['x'] = 1\nfill(globals())\n")
    (package / "fast.cpython-311-x86_64-linux-gnu.so").write_text("")
    (package / "data" / "more.py").write_text("x = 1\n")
    listed = ListedNames(names_of(tmp_path, ["thing"], TARGET))
    assert [listed.lacks("thing", name) for name in ("one", "two", "late", "inner", "nothing")] == [
        *(False, True, False, False, True)
    ]
    for module in ("thing.lazy", "thing.made", "thing.fast", "thing.data"):
        assert not listed.lacks(module, "anything"), module
    assert listed.lacks_module("thing.nothing")
    assert not listed.lacks_module("thing.data.more")
    assert not listed.lacks_module("other")


def test_a_list_of_another_lock_is_refused(tmp_path: Path) -> None:
    for name in ("requirements.in", "requirements.lock", "distributions.json", "names.txt"):
        (tmp_path / name).write_bytes((ROOT / "functions" / name).read_bytes())
    (tmp_path / "names.txt").write_text("# other\nflask Flask\n")
    messages = [finding.message for finding in read_distributions(tmp_path, tmp_path, TARGET)[1]]
    assert messages == ["names.txt lists the names of another lock than requirements.lock. Run `make lock`."]
    assert json.loads((tmp_path / "distributions.json").read_text())["distributions"]
