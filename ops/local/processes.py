"""Child processes: emulators and functions, on free ports, ended with this process however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

PROJECT = "demo-project"
HINT = "gcloud components install cloud-firestore-emulator pubsub-emulator (and a Java 11+ runtime)"
FIRESTORE_JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
FIRESTORE_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
PUBSUB_JARS = "platform/pubsub-emulator/lib"


@functools.cache
def sdk() -> Path | None:
    """Return the folder of the Google Cloud CLI where it has both emulators and Java is present."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    for folder in (
        *Path(gcloud).resolve().parents,
        Path("/usr/lib/google-cloud-sdk"),
        Path("/usr/share/google-cloud-sdk"),
    ):
        if (folder / FIRESTORE_JAR).is_file() and (folder / PUBSUB_JARS).is_dir():
            return folder
    return None


def free_port() -> int:
    """Return a port that nobody listens on, below those that outgoing connections take.

    A server that is killed and started again must find its port free; one out of the kernel's own range may have
    become a client's in between.
    """
    while True:
        port = random.SystemRandom().randint(10_000, 30_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _die_with_parent() -> None:
    """Have the kernel end the child when this process ends, also when it is killed (Linux)."""
    with contextlib.suppress(OSError):
        ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)


def started(command: list[str], log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start a child that ends with this process; what it says goes to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent, **options
        )


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Return once something listens on the port; raises `RuntimeError` with the log where nothing ever does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} did not listen on {port}:\n{log.read_text('utf-8', 'replace')[-3000:]}")


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a child at once, and wait until it has."""
    process.kill()
    process.wait()


@contextlib.contextmanager
def emulators(folder: Path) -> Iterator[dict[str, str]]:
    """Run both emulators and yield the variables that point to them."""
    root = sdk()
    if root is None:
        raise RuntimeError(f"The emulators of Firestore and Pub/Sub are not installed: {HINT}.")
    firestore, pubsub = free_port(), free_port()
    jars = ":".join(str(jar) for jar in sorted((root / PUBSUB_JARS).glob("*.jar")))
    commands = {
        firestore: ["java", "-Duser.language=en", "-cp", str(root / FIRESTORE_JAR), FIRESTORE_MAIN, "start"],
        pubsub: ["java", "-cp", jars, "com.google.cloud.pubsub.testing.v1.Main"],
    }
    with contextlib.ExitStack() as stack:
        running = {}
        for port, command in commands.items():
            log = folder / f"emulator-{port}.log"
            process = started([*command, "--host=127.0.0.1", f"--port={port}"], log)
            stack.callback(ended, process)
            running[port] = (process, log)
        for port, (process, log) in running.items():
            wait_for(port, process, log)
        yield {
            "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{firestore}",
            "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{pubsub}",
        }


class FunctionProcess:
    """A function served from its unpacked archive, with nothing but its declared environment."""

    def __init__(
        self, folder: Path, target: str, environment: Mapping[str, str], log: Path, server: Sequence[str] = ()
    ) -> None:
        self.folder, self.target, self.log = folder, target, log
        self.server = server or (str(Path(sys.executable).with_name("functions-framework")),)
        self.environment = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore", **environment}
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, wait: bool = True) -> FunctionProcess:
        """Start the server, and wait until it listens."""
        command = [*self.server, "--target", self.target, "--port", str(self.port), "--host", "127.0.0.1"]
        self.process = started(command, self.log, cwd=self.folder, env=self.environment, start_new_session=True)
        if wait:
            self.ready()
        return self

    def ready(self) -> None:
        """Wait until the started server listens."""
        assert self.process is not None
        wait_for(self.port, self.process, self.log)

    def kill(self) -> None:
        """End the server and its workers at once, as a crash would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
