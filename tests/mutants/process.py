"""A process for one judgment: begun with everything loaded that is not judged, ended with one word, within a bound."""

from __future__ import annotations

import importlib
import os
import select
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

LOADED = (
    "pytest", "hypothesis", "yaml", "sqlglot", "sqlglot.optimizer", "jsonschema", "packaging.requirements", "pathspec", "flask", "cronsim",
    "pulumi", "pulumi_gcp", "pulumi_policy", "google.cloud.firestore", "google.cloud.pubsub_v1", "google.cloud.bigquery",
)  # fmt: skip
"""What the tests need besides our own modules; a process that begins from here has it."""
OPTIONS = (
    "-o", "addopts=--import-mode=importlib -p no:bqemulator -p no:cacheprovider -p no:terminal", "-W", "ignore",
    "-m", "not engine and not emulator and not browser and not slow",
)  # fmt: skip
"""What pytest is told in every process: nothing is printed, and what needs more than Python is left out."""
LATE = "late"


def load() -> None:
    """Import what judgments share."""
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"
    for name in LOADED:
        importlib.import_module(name)


def importing(code: Mapping[str, Callable[[], CodeType]]) -> None:
    """Make imports in this process take these files' code from here, whatever their files hold."""
    former: Any = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        made = code.get(os.path.realpath(self.path))
        found: CodeType | None = made() if made else former(self, fullname)
        return found

    SourceFileLoader.get_code = get_code  # type: ignore[assignment,method-assign]


def apart(work: Callable[[Callable[[str], None]], None], seconds: float) -> str:
    """Do the work in a copy of this process, and return the word that it says, or that it is late or ends without one."""
    reading, writing = os.pipe()
    folder = tempfile.mkdtemp(prefix="mutant-")
    child = os.fork()
    if not child:
        os.close(reading)
        _child(work, writing, folder)
    os.close(writing)
    until, said = time.monotonic() + seconds, b""
    while (left := until - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        part = os.read(reading, 4096)
        if not part:
            break
        said += part
    else:
        said = said or LATE.encode()
    os.close(reading)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    shutil.rmtree(folder, ignore_errors=True)
    return said.decode()


def _child(work: Callable[[Callable[[str], None]], None], writing: int, folder: str) -> None:
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nothing, each)
    tempfile.tempdir = os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = folder

    def say(word: str) -> None:
        os.write(writing, word.encode())
        os._exit(0)

    try:
        work(say)
    except BaseException:  # noqa: BLE001  # a process that ends here must not go on as its parent
        os.write(writing, traceback.format_exc()[-300:].encode())
    os._exit(1)
