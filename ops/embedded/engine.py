"""Run the program on the SDK's own runtime with the strict monitor in the engine's place.

The same `__main__.py` runs, with the same SDK, configuration and preview mode as under `pulumi preview`; only what
answers it differs. No network, credentials or command-line tool is needed.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.output import _OutputData
from pulumi.runtime.stack import run_in_stack

from blueprint.findings import Finding, Location, Refused, shown
from blueprint.stack import SECRET
from ops.embedded import event_loop, planned, project
from ops.embedded.monitor import PROGRAM, STACK_TYPE, LookedUp, Monitor
from ops.embedded.planned import PlannedSecret, Planner
from ops.embedded.record import Registration
from ops.environment import OWN

CODE = Path(__file__).resolve().parents[2]
"""The project whose program is run where the root brings none of its own."""


@dataclass(frozen=True)
class Evaluation:
    """What a run of the program showed.

    Attributes:
        project: the project's name.
        stack: the stack's name.
        registrations: every resource, sorted by URN; the program's order varies from run to run.
        outputs: what components and the stack put out, by URN, as shown.
        findings: what was wrong, the program's own refusal included.
        concerning: finding → URN of the resource that it is about, where it is about one.
        scope: the program's global names when it ended; the pure model is among them.
    """

    project: str
    stack: str
    registrations: tuple[Registration, ...] = ()
    outputs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    concerning: Mapping[Finding, str] = field(default_factory=dict, repr=False)
    scope: Mapping[str, Any] = field(default_factory=dict, repr=False)


def evaluate(root: Path, stack: str, *, salt: int = 0, program: Callable[[], object] | None = None) -> Evaluation:
    """Evaluate the program of the project at `root` for `stack`.

    Args:
        root: the folder of Pulumi.yaml; the process works in it while the program runs.
        stack: the stack's name; `Pulumi.<stack>.yaml` is read.
        salt: see `Planner`; any two values give the same evaluation.
        program: what to run in place of `__main__.py`, for tests and benchmarks.

    Never raises for a mistake in the project: it is a finding. Programming errors in the program are findings too,
    with the exception's text; their traceback is logged at debug level.
    """
    root = root.resolve()
    try:
        settings = project.load(root, stack)
    except Refused as refused:
        return Evaluation("", stack, findings=refused.findings)
    planner = Planner(salt)
    monitor = Monitor(
        project=settings.name,
        stack=stack,
        root=root,
        planner=planner,
        disabled_providers=settings.disabled_providers,
    )
    scope: dict[str, Any] = {}
    run = program or (lambda: _run_program(root, scope))
    with _inside(root), _rarely_collected(), event_loop.turning():
        failures = contextvars.copy_context().run(_run, run, settings, monitor, planner)
    return Evaluation(
        settings.name,
        stack,
        tuple(monitor.registrations[urn] for urn in sorted(monitor.registrations)),
        monitor.outputs,
        (*monitor.findings, *failures),
        monitor.concerning,
        scope,
    )


def stack_outputs(evaluation: Evaluation) -> Mapping[str, object]:
    """Return what the program exports."""
    stacks = [each.urn for each in evaluation.registrations if each.type == STACK_TYPE]
    return evaluation.outputs.get(stacks[0], {}) if stacks else {}


class _Inline(ThreadPoolExecutor):
    """Runs what the SDK submits at once: answers come from memory, and a thread for each costs more than they do."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  # handed to the awaiting coroutine, as an executor does
            future.set_exception(error)
        return future


def _run(run: Callable[[], object], settings: project.Project, monitor: Monitor, planner: Planner) -> list[Finding]:
    qualified = {key: planner.plan(PlannedSecret(key)) for key in settings.secrets}
    inside = {key: _with_stand_ins(text, planner) for key, text in settings.config.items() if SECRET in text}
    pulumi.runtime.set_all_config({**settings.config, **inside, **qualified}, [*settings.secrets, *inside])
    pulumi.runtime.settings.ROOT.set(None)
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=settings.name,
            stack=settings.stack,
            monitor=monitor,
            engine=monitor,
            dry_run=True,
            organization="organization",
            root_directory=str(monitor.root),
        )
    )
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Inline(max_workers=1))
    asyncio.set_event_loop(loop)
    original = pulumi.Output.apply
    pulumi.Output.apply = planned.tolerate_unknown(original, _unknown)  # type: ignore[method-assign]  # meant
    try:
        loop.run_until_complete(run_in_stack(lambda: _discard(run())))
    except Refused as refused:
        return list(refused.findings)
    except pulumi.RunError as stopped:
        reason = stopped.__cause__ or stopped.__context__
        return list(reason.findings) if isinstance(reason, Refused) else [_failure(stopped, monitor.root)]
    except SystemExit as stopped:
        return [] if not stopped.code or monitor.findings else [_failure(stopped, monitor.root)]
    except Exception as error:  # whatever a program raises is its mistake, told in a sentence
        if isinstance(error, ImportError) and _failure(error, monitor.root).at.file.partition("/")[0] in OWN:
            raise  # our own code lacks a package: nothing of the user's
        logging.getLogger(__name__).debug("the program failed", exc_info=error)
        return [_failure(error, monitor.root)]
    finally:
        pulumi.Output.apply = original  # type: ignore[method-assign]  # given back
        asyncio.set_event_loop(None)
        loop.close()
    return []


def _with_stand_ins(text: str, planner: Planner) -> str:
    """Return a configuration value with each secret in it as a planned value."""
    return re.sub(rf"{SECRET}([^~]*)~", lambda found: planner.plan(PlannedSecret(found[1])), text)


def _discard(_: object) -> None:
    return None


def _unknown() -> pulumi.Output[Any]:
    future: asyncio.Future[_OutputData[Any]] = asyncio.Future()
    future.set_result(_OutputData(resources=set(), value=None, is_known=False, is_secret=False))
    return pulumi.Output._from_data(future)


def _run_program(root: Path, scope: dict[str, Any]) -> None:
    """Run `__main__.py` as the language host does, and keep its names even when it fails."""
    path = root / PROGRAM
    source = (path if path.is_file() else CODE / PROGRAM).read_bytes()
    scope |= {"__name__": "__main__", "__file__": str(path), "__builtins__": __builtins__}
    exec(compile(source, str(path), "exec"), scope)


def _failure(error: BaseException, root: Path) -> Finding:
    """Return the finding for an exception: its text, at the innermost line of the project that it passed through."""
    at = Location(PROGRAM)
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        inside = next((base for base in (root, CODE) if path.is_relative_to(base)), None)
        if inside and not {".venv", "ops"} & set(path.relative_to(inside).parts):
            at = Location(path.relative_to(inside).as_posix(), line)
    if isinstance(error, LookedUp):
        return Finding("look-up", str(error), at)
    if isinstance(error, OSError) and error.filename:
        message = f"'{shown(root, error.filename)}' cannot be used: {(error.strerror or 'no reason given').lower()}. Correct that."
        return Finding("program", message, at)
    text = (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
    return Finding("program", f"The program fails with {type(error).__name__}: {text}.", at)


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """Run the cyclic garbage collector rarely: it would walk a growing graph of live objects over and over.

    Not never: what the SDK leaves behind at each resource hangs together in cycles, and a large plan would hold all.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _inside(root: Path) -> Iterator[None]:
    """Work in `root`, with it on the import path; our own packages come before what a project calls the same."""
    before, path = Path.cwd(), list(sys.path)
    os.chdir(root)
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    sys.path.append(str(root))
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
