"""Contracts on values that are well formed and still cannot mean what they say: limits, addresses, settings, versions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from blueprint.boundaries import Boundary, Gate
from blueprint.contracts import Inspection, contract
from blueprint.derived import TRIGGERS
from blueprint.findings import Location
from blueprint.functions import Function
from blueprint.grammar import parse_duration
from blueprint.model import Blueprint
from blueprint.sources import FOLDER
from blueprint.stack import URL
from blueprint.wiring import EVALUATION_SECONDS, GATE_SECONDS

TIMEOUT = (1, 3600)
"""Seconds that a function may run (Cloud Run functions, second generation, HTTP)."""
LEAST_GIB = {4: 2, 6: 4, 8: 4}
"""CPUs that need a least memory (Cloud Run, CPU limits); 1, 2 and hundredths below 1 need none."""
GIB_PER_CPU, MOST_GIB = 4, 32
"""Most memory for one CPU, and for an instance (Cloud Run, memory limits)."""
IN_TIME = 600
"""Seconds after which a dead orchestrator must be known: the promise of this project."""
ENTRY = "main.py"
_ALMOST_A_DURATION = re.compile(r"[-+]?[\d.,]+ *[A-Za-z]{1,7}")
"""A number and a unit; what is not read as a duration reaches the code as text."""


@contract("folders-declared", "Every function folder is a declared function", incidents=(18, 22))
def folders_declared(plan: Blueprint, report: Inspection) -> None:
    """Code that nothing deploys looks deployed; live code that nobody declares cannot be deployed again."""
    declared = {function.folder for function in plan.manifest.functions.values()}
    lacking = [each for each in declared if not (plan.root / FOLDER / each).is_dir()]  # told where it is declared
    for entry in sorted((plan.root / FOLDER).glob(f"*/{ENTRY}")):
        report.check()
        if entry.parent.name not in declared and not difflib.get_close_matches(entry.parent.name, lacking, n=1):
            report.violation(
                f"The folder '{entry.parent.name}' holds a function that nothing declares, so it is never deployed; declare it under `functions`, or delete it.",
                Location(entry.relative_to(plan.root).as_posix()),
            )


@contract("services-placed", "Outside services are called at their own address, in this region", incidents=(35, 51, 63))
def services_placed(plan: Blueprint, report: Inspection) -> None:
    """A Cloud Run address names service, project and region; one of another place is refused with 404 or 403."""
    stack = plan.stack
    for name, url in stack.service_urls.items() if stack.named else ():
        report.check()
        if name not in plan.manifest.services:
            report.violation(
                f"`serviceUrls` gives an address to '{name}', which is no declared service; correct the name.",
                stack.where(f"serviceUrls.{name}"),
            )
        if not URL.fullmatch(url):  # told where the stack is read
            continue
        host = url.removeprefix("https://")
        numbered = re.fullmatch(r"(.+)-(\d+)\.([a-z]+-[a-z]+\d+)\.run\.app", host)
        if numbered and numbered.groups() != (name, stack.project_number, stack.region):
            report.violation(
                f"`serviceUrls` gives '{name}' the address of service '{numbered[1]}' in project {numbered[2]}, region {numbered[3]}; this stack's are {stack.project_number} and {stack.region}.",
                stack.where(f"serviceUrls.{name}"),
            )
        elif host.endswith(".a.run.app") and not host.startswith(f"{name}-"):
            report.violation(
                f"`serviceUrls` gives '{name}' the address of another service, {host}; correct it.",
                stack.where(f"serviceUrls.{name}"),
            )


@contract(
    "limits-hold",
    "Timeouts, leases, gates and thresholds leave room for each other",
    incidents=(44, 45, 48, 49, 60, 73),
)
def limits_hold(plan: Blueprint, report: Inspection) -> None:
    """A lease that ends during the work publishes twice; a gate or alert beyond its range never speaks."""
    manifest = plan.manifest
    for function in manifest.functions.values():
        report.check()
        if not TIMEOUT[0] <= function.timeout <= TIMEOUT[1]:
            message = f"A timeout of {function.timeout} s is not accepted; set {TIMEOUT[0]}s to {TIMEOUT[1]}s."
            report.violation(message, function.where("timeout"))
        gibibytes = float(function.memory[:-2]) / (1 if function.memory.endswith("Gi") else 1024)
        if gibibytes > GIB_PER_CPU * max(1.0, float(function.cpu)) or gibibytes > MOST_GIB:
            report.violation(
                f"'{function.name}' has {function.memory} for {function.cpu} CPU; the platform gives at most {GIB_PER_CPU} GiB for each and {MOST_GIB} in all.",
                function.where("memory"),
            )
        if problem := _cpu(function.cpu, gibibytes):
            report.violation(f"'{function.name}': {problem}", function.where("cpu"))
    for boundary in manifest.boundaries.values():
        report.check(1 + len(boundary.gates))
        for name in dict.fromkeys((boundary.function, boundary.timer.function)):
            _time_for_gates(manifest.functions[name], boundary, report)
        for gate in boundary.gates.values():
            for key, message in _gate(gate):
                report.violation(message, gate.where(key))
    for message in _lease(plan):
        report.violation(message, manifest.store.where("lease"))
    for key, message in _thresholds(plan):
        report.violation(message, manifest.alerts.thresholds.where(key))


def _time_for_gates(function: Function, boundary: Boundary, report: Inspection) -> None:
    needed = EVALUATION_SECONDS + GATE_SECONDS * len(boundary.gates)
    if function.timeout < needed:
        report.violation(
            f"'{function.name}' may run {function.timeout} s, but reading, {len(boundary.gates)} gates and publishing of '{boundary.name}' may take {needed} s, so it would be ended in between; raise `timeout`.",
            function.where("timeout"),
        )


def _cpu(text: str, gibibytes: float) -> str:
    """Why Cloud Run has no instance of this size; empty where it has one."""
    cpu = Decimal(text)
    if cpu < 1:
        fine = cpu >= Decimal("0.08") and cpu == cpu.quantize(Decimal("0.01"))
    else:
        fine = cpu in LEAST_GIB or cpu in (1, 2)
    if not fine:
        whole = ", ".join(str(each) for each in (1, 2, *LEAST_GIB))
        return f"{text} CPU is no size of the platform; use {whole}, or hundredths from 0.08 below 1."
    least = LEAST_GIB.get(int(cpu), 0)
    if gibibytes < least:
        return f"{text} CPU need at least {least} GiB of memory and it has {gibibytes:g}; raise `memory`."
    return ""


def _lease(plan: Blueprint) -> Iterator[str]:
    lease, functions, boundaries = plan.manifest.store.lease, plan.manifest.functions, plan.manifest.boundaries
    timeouts = {
        name: max(functions[each].timeout for each in (boundary.function, boundary.timer.function))
        for name, boundary in boundaries.items()
    }
    if outlasting := {name: timeout for name, timeout in timeouts.items() if lease < timeout}:
        yield (
            f"The lease ends after {lease} s, but the functions of {_quoted(outlasting)} may publish for {max(outlasting.values())} s, so a second one would publish meanwhile; lengthen `lease`."
        )
    if earlier := [name for name, boundary in boundaries.items() if lease > boundary.deadline]:
        yield (
            f"The lease of {lease} s is longer than the deadline of {_quoted(earlier)}, so a crash would be mended only after it; shorten `lease`."
        )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _gate(gate: Gate) -> Iterator[tuple[str, str]]:
    for name in ("block_below", "alert_below"):
        value = getattr(gate, name)
        if value is not None and not 0 < value <= (100 if gate.unit == "percent" else float("inf")):
            yield name, f"`{name}: {value:g}` of gate '{gate.name}' is reached always or never; correct it."
    if gate.block_below is not None and gate.alert_below is not None and gate.alert_below <= gate.block_below:
        yield "alert_below", f"Gate '{gate.name}' blocks before it warns; set `alert_below` above `block_below`."


def _thresholds(plan: Blueprint) -> Iterator[tuple[str, str]]:
    limits = plan.manifest.alerts.thresholds
    for name in ("backlog_age", "silence"):
        if getattr(limits, name) > IN_TIME:
            yield (
                name,
                f"`{name}` tells of a dead function after more than {IN_TIME // 60} minutes; set at most {IN_TIME // 60}m.",
            )
    for name in ("gap", "transition"):
        if getattr(limits, f"{name}_warning") >= getattr(limits, f"{name}_critical"):
            yield (
                f"{name}_warning",
                f"`{name}_warning` is not below `{name}_critical`, so nothing warns before it is critical; correct one.",
            )
    for name in ("error_ratio_percent", "latency_percent_of_timeout"):
        if not 0 < getattr(limits, name) < 100:
            yield (
                name,
                f"`{name}: {getattr(limits, name):g}` holds always or never; set a percentage between 0 and 100.",
            )


@contract("timers-may-publish", "Whoever evaluates a boundary may publish its trigger", incidents=(28, 33, 47))
def timers_may_publish(plan: Blueprint, report: Inspection) -> None:
    """A timer that finds the rule met and may not publish leaves the date as it was."""
    triggers = {boundary.trigger.topic for boundary in plan.manifest.boundaries.values()}
    for function in plan.manifest.functions.values():
        report.check()
        listed = triggers & set(function.publishes)
        if plan.manifest.boundary_of(function.name) is None and listed and triggers - listed:
            report.violation(
                f"'{function.name}' looks at every boundary and publishes their triggers, but may not publish to {', '.join(sorted(triggers - listed))}; leave `publishes` out where it is a timer, else write `publishes: {TRIGGERS}`.",
                function.where("publishes"),
            )


@contract("secrets-pinned", "Secrets are mounted at a fixed version", incidents=(58,))
def secrets_pinned(plan: Blueprint, report: Inspection) -> None:
    """`latest` changes what runs without a release, and an emptied one takes effect unseen."""
    for secret in plan.manifest.secrets.values():
        report.check()
        if not secret.version.isdigit():
            report.violation(
                f"Secret '{secret.secret}' is mounted at version '{secret.version}'; pin a number.",
                secret.where("version"),
            )


@contract("settings-read", "Functions read exactly their declared settings", incidents=(55, 57))
def settings_read(plan: Blueprint, report: Inspection) -> None:
    """A setting under another name is missing where the code needs it, and without effect where it is declared."""
    for function in plan.manifest.functions.values():
        archive = plan.archives.get(function.name)
        if archive is None:
            continue
        read = {use.name: use.at for use in reversed(archive.uses.settings)}
        computed = next((at for name, at in read.items() if name.startswith("{")), None)
        report.check(len(read))
        unread = sorted(function.settings.keys() - read.keys()) if computed is None and archive.sound else []
        for name, at in read.items():
            if name in function.settings or name.startswith("{"):
                continue
            if misspelt := difflib.get_close_matches(name, unread, n=1):
                unread.remove(misspelt[0])
                report.violation(
                    f"Setting '{misspelt[0]}' of '{function.name}' is read by no code; {at} reads '{name}': spell both alike.",
                    function.where(f"settings.{misspelt[0]}"),
                )
            else:
                report.violation(
                    f"'{function.name}' reads the setting '{name}', which is not declared; add it to `settings`.", at
                )
        misread = {use.name: use.at for use in reversed(archive.uses.misread_settings)}
        for name in unread:
            if name in misread:
                report.violation(
                    f"The setting '{name}' is asked of a method that settings do not have; read it by `.duration`, `.count`, `.get` or `[]`.",
                    misread[name],
                )
                continue
            report.violation(
                f"Setting '{name}' of '{function.name}' is read by no code; correct it.",
                function.where(f"settings.{name}"),
            )
        durations, counts = ({use.name for use in uses} for uses in (archive.uses.durations, archive.uses.counts))
        for name, value in function.settings.items():
            if problem := _mistyped(value, duration=name in durations, count=name in counts):
                report.violation(
                    f"Setting '{name}' of '{function.name}' is {value!r}, {problem}.",
                    function.where(f"settings.{name}"),
                )


@contract("lookups-declared", "Code asks the declaration for names that it has", incidents=(31, 50, 66))
def lookups_declared(plan: Blueprint, report: Inspection) -> None:
    """A name that is written in code and in the declaration differs in one of them after the next change."""
    for function in plan.manifest.functions.values():
        archive = plan.archives.get(function.name)
        if archive is None:
            continue
        collections = {} if plan.manifest.boundary_of(function.name) else plan.manifest.store.collections
        for uses, declared, kind, key in (
            (archive.uses.collection_roles, collections, "collection", "store.collections"),
            (archive.uses.schedules, function.trigger.schedules, "schedule", f"schedules of '{function.name}'"),
        ):
            for use in uses:
                report.check()
                if use.name.startswith("{"):
                    report.violation(f"Only running the code tells which {kind} is asked for; write its name.", use.at)
                elif use.name not in declared:
                    told = f"; it has {', '.join(declared)}" if declared else ""
                    report.violation(
                        f"Code asks for the {kind} '{use.name}', which `{key}` does not have{told}: spell both alike.",
                        use.at,
                    )


def _mistyped(value: object, *, duration: bool, count: bool) -> str:
    """Return why a setting's value is not what code reads it as, or nothing."""
    seconds = parse_duration(value) if isinstance(value, str) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return "less than nothing; give a limit"
    if duration and seconds is None:
        return "which code reads as a time; write a whole number and a unit, such as 90m"
    if count and (seconds is not None or not isinstance(value, int) or isinstance(value, bool)):
        return "which code reads as a count; write a whole number"
    if isinstance(value, str) and seconds is None and _ALMOST_A_DURATION.fullmatch(value):
        return "which code would get as text; write a duration as a whole number and a unit, such as 90m"
    return ""
