"""`python3 -m tests.sealed`: README's commands from clean clones on what this machine has, sealed off from everything else.

`make preview` runs with every Python that the lock is for, the rest with the lowest. Archives that the lowest accepted are
not started again by the others: acceptance is remembered by content, and each starts them with the functions' own Python.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.sealed.pythons import Python, pythons
from tests.sealed.readme import EVERYWHERE, FIRST, MEASURED, SETUP, Step, failure, steps, telling
from tests.sealed.seal import Seal, absent, sealed, tools

ROOT = Path(__file__).resolve().parents[2]
ACCEPTED = Path(".cache", "acceptance")
CREDENTIALS = {"GOOGLE_OAUTH_ACCESS_TOKEN": "none"}
"""Stands for a login where a preview only has to reach the provider."""

SHOWN = (
    r"(?m)^engine tests:.*",
    r"(?m)^SKIPPED .*|^\d+ passed.*",
    r"(?m)^branches and lines reached:.*",
    r"(?m)^No advisory .*|^Not known: .*",
)
"""What is shown of the tests, also where they pass."""


@dataclass
class Check:
    """One run of the check: what was found wrong, so far."""

    folder: Path
    wrong: list[str] = field(default_factory=list)

    def tried(self, seal: Seal, step: Step, *, show: Sequence[str] = (), **more: str) -> bool:
        """Run a step, print how it went, and on a failure what of its words tells why."""
        begun = time.monotonic()
        words = re.sub(r"\W+", "-", step.command)[:40]
        log = self.folder / f"{len(list(self.folder.glob('*.log')))}-{words}-{seal.python.version}.log"
        code = seal.run(step.command, log, **more)
        said = log.read_text(encoding="utf-8", errors="replace")
        problem = failure(step, code, said)
        seconds = f"{time.monotonic() - begun:.0f} s"
        print(
            f"{'FAILED' if problem else 'ok':6} {seconds:>7}  Python {seal.python.version}: {step.command}", flush=True
        )
        if problem:
            self.wrong.append(f"Python {seal.python.version}: `{step.command}`: {problem}.")
            print("\n".join(f"    {line}" for line in telling(said)), flush=True)
        for pattern in show:
            print("\n".join(re.findall(pattern, said)), flush=True)
        return not problem


def previews(check: Check, seals: Sequence[Seal]) -> None:
    """Preview with every Python: the first alone is asked to start the archives, while the others are set up."""
    step, (lowest, *others) = Step(EVERYWHERE), seals
    with ThreadPoolExecutor(max_workers=2) as pool:
        setups = [
            pool.submit(each.run, "make program", check.folder / f"setup-{n}.txt") for n, each in enumerate(others)
        ]
        check.tried(lowest, step)
        for setup in setups:
            setup.result()
        for each in others:
            kept = lowest.clone / ACCEPTED
            if kept.exists():
                shutil.copytree(
                    kept, each.clone / ACCEPTED, ignore=shutil.ignore_patterns("environments"), dirs_exist_ok=True
                )
        list(pool.map(lambda each: check.tried(each, step), others))


def everything(check: Check, seal: Seal, have: Sequence[str]) -> None:
    """Run what CI asks for and README's other commands, in order, where the first Python has its environment."""
    check.tried(seal, Step(SETUP))
    with ThreadPoolExecutor(max_workers=len(FIRST)) as pool:  # one process each
        list(pool.map(lambda line: check.tried(seal, Step(line), show=SHOWN), FIRST))
    for step in steps(seal.clone / "README.md", _names(seal)):
        if step.command in (EVERYWHERE, SETUP, *FIRST):
            continue
        if step.skipped:
            print(f"not run           {step.command}: {step.skipped}.")
        elif not step.cli:
            check.tried(
                seal,
                step,
                show=SHOWN if step.command in MEASURED.values() else (),
            )
        elif {"pulumi", "pulumi-resource-gcp"} <= {*have}:
            check.tried(seal, step, **CREDENTIALS)
            check.tried(seal, Step("git diff --exit-code"))
        else:
            print(f"not run           {step.command}: the CLI or the provider is not on this machine.")


def _names(seal: Seal) -> dict[str, str]:
    """Return what stands for the placeholders of README: the first function of the declaration, and its subscription."""
    declared = (seal.clone / "pipeline.yaml").read_text(encoding="utf-8")
    first = re.search(r"(?m)^functions:\n(?:\s*#.*\n|\s*\n)*  ([\w-]+):", declared)
    name = first[1] if first else "NAME"
    return {"NAME": name, "SUBSCRIPTION": name}


def provider_installed(check: Check, seal: Seal, folder: Path) -> None:
    """Give the CLI the provider of this machine: `pulumi install` downloads one even where one is on PATH."""
    pins = (seal.clone / "requirements.txt").read_text(encoding="utf-8")
    version = re.search(r"(?m)^pulumi-gcp==(\S+)", pins)
    if version:
        file = folder / "pulumi-resource-gcp"
        check.tried(seal, Step(f"pulumi plugin install resource gcp {version[1]} --file {file}", cli=True))


def judge(root: Path, found: Sequence[Python], *, only_previews: bool = False) -> Iterator[str]:
    """Yield what is wrong with a project on a machine that has these Pythons and nothing that it does not name."""
    if not found:
        yield "No Python that the lock is for is on this machine."
        return
    have = tools()
    with tempfile.TemporaryDirectory(prefix="sealed-") as scratch:
        folder = Path(scratch)
        folders = list(dict.fromkeys(have.values()))
        seals = [sealed(root, folder / each.version, each, folders) for each in found]
        check = Check(folder)
        previews(check, seals)
        if not only_previews:
            if {"pulumi", "pulumi-resource-gcp"} <= {*have}:
                provider_installed(check, seals[0], have["pulumi-resource-gcp"])
            everything(check, seals[0], list(have))
        yield from check.wrong


def main() -> int:
    """Run the check on this checkout; return 0 when nothing is wrong."""
    begun, found = time.monotonic(), pythons()
    for python in found:
        print(f"Python {python.version}, pip {python.pip}: {python.path}")
    for program, folder in tools().items():
        print(f"{program}: {folder}")
    for each in absent():
        print(f"not on this machine, so what needs it is skipped: {each}")
    wrong = list(judge(ROOT, found))
    print(
        "\n".join(
            ["", *wrong, f"The sealed check took {time.monotonic() - begun:.0f} s and found {len(wrong)} faults."]
        )
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
