"""Archives are started alone in an interpreter of their own; what does not start, answer or fit is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.cache import Cache
from blueprint.archive import ArchiveSource, Distribution, LockedDistributions, analyse_function
from blueprint.archive import acceptance as accepting
from blueprint.archive.acceptance import Acceptance, ArchiveTrial, Sample, accept, remembered
from blueprint.findings import Location

TARGET = (sys.version_info[0], sys.version_info[1])
LOCKED = LockedDistributions(
    {"functions-framework": Distribution("functions-framework", "3", ("functions_framework",))}
)
POST = Sample("a message", body="{}", headers={"Content-Type": "application/json"}, statuses=(200,))
SOUND = """
import functions_framework


@functions_framework.http
def handle(request):
    return {"path": request.path}
"""


@pytest.fixture(autouse=True)
def _this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this environment stand for the one that would be made from the requirements."""
    monkeypatch.setattr(accepting, "environment", lambda interpreter, requirements, folder: Path(sys.executable))


def candidate(tmp_path: Path, main: str, **changes: object) -> ArchiveTrial:
    folder = tmp_path / "functions" / "f"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(main)
    archive = analyse_function(ArchiveSource("f", folder, "handle", "http", tmp_path), locked=LOCKED)
    made = ArchiveTrial(archive, "handle", "http", {"NAME": "value"}, (POST,), Location("functions/f/main.py"))
    return replace(made, **changes)  # type: ignore[arg-type]


def tried(made: ArchiveTrial, tmp_path: Path) -> Acceptance:
    return accept(made, target_python=TARGET, folder=tmp_path / "environments", cache=Cache(tmp_path / "cache"))


def test_a_sound_archive_is_accepted_with_its_figures(tmp_path: Path) -> None:
    accepted = tried(candidate(tmp_path, SOUND, memory=1 << 30), tmp_path)
    assert accepted.findings == ()
    assert accepted.modules > 100
    assert 10 << 20 < accepted.memory < 1 << 30


@pytest.mark.parametrize(
    ("main", "sentence"),
    [
        (SOUND.replace("import functions", "import nowhere_at_all\nimport functions"), "does not start"),
        (SOUND.replace("def handle", "def other"), "does not start"),
        (SOUND + "\nraise ValueError('no project')\n", "ValueError: no project"),
        (SOUND.replace('{"path"', 'undefined_name and {"path"'), "raises NameError"),
        (SOUND.replace("    return", "    from json import nothing\n    return"), "raises ImportError"),
        (SOUND.replace("    return", "    return '', 404\n    return"), "answers 404, not 200"),
        (SOUND.replace("    return", "    import os\n    os._exit(3)\n    return"), "ended while it handled"),
    ],
)
def test_what_does_not_work_is_refused(tmp_path: Path, main: str, sentence: str) -> None:
    messages = [finding.message for finding in tried(candidate(tmp_path, main), tmp_path).findings]
    assert any(sentence in message for message in messages), messages


def test_nothing_but_the_archive_is_in_reach(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("")
    main = SOUND.replace("import functions", "import beside\nimport functions")
    assert "beside" in tried(candidate(tmp_path, main), tmp_path).findings[0].message


def test_the_declared_environment_is_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONLY_HERE", "1")
    main = SOUND + "\nimport os\nassert os.environ['NAME'] == 'value'\nassert 'ONLY_HERE' not in os.environ\n"
    assert tried(candidate(tmp_path, main), tmp_path).findings == ()


CALLS_OUT = {
    "by name": "import urllib.request\nurllib.request.urlopen('https://example.com', timeout=1)\n",
    "by address": "import socket\nsocket.create_connection(('192.0.2.1', 443), 1)\n",
    "at a server for metadata": "import http.client\nhttp.client.HTTPConnection('169.254.169.254', timeout=1).request('GET', '/')\n",
    "through a module": "import helper\n",
}


@pytest.mark.parametrize("sockets", ["namespace", "refused"])
@pytest.mark.parametrize("how", CALLS_OUT)
def test_an_archive_that_calls_out_while_it_starts_is_named(
    tmp_path: Path, how: str, sockets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the failure is swallowed or not: where the other side is slow or gone, no instance starts."""
    if sockets == "refused":
        monkeypatch.setattr(accepting, "without_network", lambda: ())
    elif not accepting.without_network():
        pytest.skip("this machine permits no program without a network")
    made = candidate(tmp_path, SOUND)
    (tmp_path / "functions" / "f" / "helper.py").write_text("import socket\nsocket.getaddrinfo('example.com', 443)\n")
    swallowed = (
        "try:\n" + "".join(f"    {line}\n" for line in CALLS_OUT[how].splitlines()) + "except OSError:\n    pass\n"
    )
    made = candidate(tmp_path, SOUND + swallowed)
    (finding,) = tried(made, tmp_path).findings
    where = "helper.py:2" if how == "through a module" else "main.py:"
    assert "calls out to" in finding.message
    assert where in finding.message
    (finding,) = tried(candidate(tmp_path, SOUND + CALLS_OUT[how]), tmp_path).findings
    assert "does not start in a clean interpreter" in finding.message


@pytest.mark.parametrize("sockets", ["namespace", "refused"])
def test_one_that_calls_out_at_a_request_or_looks_at_itself_is_sound(
    tmp_path: Path, sockets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sockets == "refused":
        monkeypatch.setattr(accepting, "without_network", lambda: ())
    late = "    import socket\n    try:\n        socket.create_connection(('192.0.2.1', 443), 1)\n    except OSError:\n        pass\n    return"
    main = SOUND.replace("    return", late) + "\nimport socket\nsocket.gethostname()\nsocket.socketpair()\n"
    assert tried(candidate(tmp_path, main), tmp_path).findings == ()


def test_neither_zone_files_nor_the_environment_of_the_machine_are_in_reach(tmp_path: Path) -> None:
    main = SOUND + "\nimport sys, zoneinfo\nsys.modules['tzdata'] = None\nzoneinfo.ZoneInfo('America/New_York')\n"
    (finding,) = tried(candidate(tmp_path, main), tmp_path).findings
    assert "ZoneInfoNotFoundError" in finding.message


def test_a_start_that_needs_too_much_memory_is_refused(tmp_path: Path) -> None:
    finding = tried(candidate(tmp_path, SOUND, memory=16 << 20), tmp_path).findings[0]
    assert "of the 16 MiB it gets" in finding.message


def test_what_was_accepted_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, cache = candidate(tmp_path, SOUND), Cache(None)
    first = accept(made, target_python=TARGET, folder=tmp_path, cache=cache)
    monkeypatch.setattr(accepting, "_run", None)
    again = accept(made, target_python=TARGET, folder=tmp_path, cache=cache)
    assert again == first


@pytest.mark.parametrize("change", ["environment", "samples", "archive"])
def test_what_changed_is_tried_again(tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, cache = candidate(tmp_path, SOUND), Cache(None)
    accept(made, target_python=TARGET, folder=tmp_path, cache=cache)
    changes: dict[str, object] = {
        "environment": {"NAME": "other"},
        "samples": (),
        "archive": candidate(tmp_path, SOUND + "# changed\n").archive,
    }
    tries: list[ArchiveTrial] = []

    def count(made: ArchiveTrial, python: Path) -> Acceptance:
        tries.append(made)
        return Acceptance(())

    monkeypatch.setattr(accepting, "_run", count)
    accept(replace(made, **{change: changes[change]}), target_python=TARGET, folder=tmp_path, cache=cache)  # type: ignore[arg-type]
    assert len(tries) == 1


def test_a_refusal_is_tried_again(tmp_path: Path) -> None:
    made, cache = candidate(tmp_path, "raise ValueError\n\n\ndef handle(request):\n    pass\n"), Cache(None)
    assert accept(made, target_python=TARGET, folder=tmp_path, cache=cache).findings
    assert remembered(made, target_python=TARGET, cache=cache) is None


def test_without_the_interpreter_it_says_what_to_do(tmp_path: Path) -> None:
    made = candidate(tmp_path, SOUND)
    refused = accept(made, target_python=(3, 99), folder=tmp_path, cache=Cache(None))
    assert "No Python 3.99 is installed" in refused.findings[0].message


def test_requirements_that_do_not_install_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Path:
        raise subprocess.CalledProcessError(1, "uv", stderr="error: no such version\n")

    monkeypatch.setattr(accepting, "environment", fail)
    assert "do not install: error: no such version" in tried(candidate(tmp_path, SOUND), tmp_path).findings[0].message


class TestTime:
    """A function has the time in which an empty one starts many times on this machine, now."""

    SLEEPY = SOUND + "\nimport time\ntime.sleep(6)\n"

    @pytest.fixture(autouse=True)
    def _little_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(accepting, "WAITING", 0)
        monkeypatch.setattr(accepting, "TIMES", 1)

    def measured(self, monkeypatch: pytest.MonkeyPatch, first: float, then: float) -> None:
        monkeypatch.setattr(accepting, "bare_start", lambda _: first)
        monkeypatch.setattr(accepting, "_bare_start", lambda _: then)

    def test_too_slow_for_this_machine_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.measured(monkeypatch, 1.0, 1.0)
        [finding] = tried(candidate(tmp_path, self.SLEEPY), tmp_path).findings
        assert "did not start and answer within 1 s" in finding.message
        assert "slow" not in finding.message

    def test_a_machine_that_became_slow_gives_more_time(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.measured(monkeypatch, 1.0, 240.0)
        assert tried(candidate(tmp_path, self.SLEEPY), tmp_path).findings == ()

    def test_a_slow_machine_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.measured(monkeypatch, 3.5, 3.5)
        [finding] = tried(candidate(tmp_path, self.SLEEPY), tmp_path).findings
        assert "This machine is slow now: an empty function took 3.5 s to start." in finding.message

    def test_an_empty_function_is_measured(self) -> None:
        assert 0.05 < accepting.bare_start(Path(sys.executable)) < accepting.UNMEASURED


ZONE = "import sys, zoneinfo\nassert zoneinfo.TZPATH == ()\n{}zoneinfo.ZoneInfo('America/New_York')\n"


def test_the_machines_zone_files_are_out_of_reach(tmp_path: Path) -> None:
    """An archive whose requirements lack `tzdata` starts on a developer's machine and nowhere else."""
    assert tried(candidate(tmp_path, ZONE.format("") + SOUND), tmp_path).findings == ()
    without = candidate(tmp_path, ZONE.format("sys.modules['tzdata'] = None\n") + SOUND)
    (refused,) = tried(without, tmp_path).findings
    assert "does not start" in refused.message
    assert "No time zone found" in refused.message
