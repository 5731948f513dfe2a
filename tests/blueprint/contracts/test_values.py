"""Sizes, times and addresses at the very edge of what holds: the last that passes beside the first that is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blueprint.contracts import Inspection, values
from blueprint.model import Blueprint

SERVICE = "prediction-coordinator"


def limits(plan: Blueprint, **changes: object) -> list[str]:
    """Return what is said of the first function, once it is changed."""
    name, function = next(iter(plan.manifest.functions.items()))
    functions = {**plan.manifest.functions, name: replace(function, **changes)}  # type: ignore[arg-type]
    report = Inspection("limits-hold")
    values.limits_hold(replace(plan, manifest=replace(plan.manifest, functions=functions)), report)
    assert report.checked > len(functions)
    return [finding.message for finding in report.findings]


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [
        ("0.08", "128Mi"), ("0.99", "512Mi"), ("1", "128Mi"), ("1", "4Gi"), ("1", "4096Mi"), ("0.5", "4096Mi"),
        ("2", "128Mi"), ("2", "8Gi"), ("4", "2Gi"), ("4", "2048Mi"), ("4", "16Gi"), ("6", "4Gi"), ("8", "4Gi"), ("8", "32Gi"),
    ],
)  # fmt: skip
def test_a_size_of_the_platform_passes(plan: Blueprint, cpu: str, memory: str) -> None:
    assert limits(plan, cpu=cpu, memory=memory) == []


WRONG = "is no size of the platform; use 1, 2, 4, 6, 8, or hundredths from 0.08 below 1."


@pytest.mark.parametrize(
    ("cpu", "memory", "says"),
    [
        ("0.07", "128Mi", WRONG),
        ("0.085", "128Mi", WRONG),
        ("1.5", "128Mi", WRONG),
        ("3", "4Gi", WRONG),
        ("7", "4Gi", WRONG),
        ("1", "4097Mi", "the platform gives at most 4 GiB for each and 32 in all"),
        ("0.5", "4097Mi", "the platform gives at most 4 GiB for each"),
        ("8", "33Gi", "the platform gives at most 4 GiB for each and 32 in all"),
        ("4", "2047Mi", "4 CPU need at least 2 GiB"),
        ("6", "3Gi", "6 CPU need at least 4 GiB"),
        ("8", "4095Mi", "8 CPU need at least 4 GiB"),
    ],
)
def test_another_size_is_refused(plan: Blueprint, cpu: str, memory: str, says: str) -> None:
    (message,) = limits(plan, cpu=cpu, memory=memory)
    assert says in message


@pytest.mark.parametrize(("timeout", "accepted"), [(3600, True), (3601, False), (0, False)])
def test_a_timeout_ends_at_the_platforms(plan: Blueprint, timeout: int, accepted: bool) -> None:
    assert any("is not accepted; set 1s to 3600s" in each for each in limits(plan, timeout=timeout)) is not accepted


@pytest.mark.parametrize(("more", "says"), [(0, []), (1, []), (-1, ["may publish for"])])
def test_a_lease_holds_for_as_long_as_its_functions_run(plan: Blueprint, more: int, says: list[str]) -> None:
    manifest = plan.manifest
    longest = max(
        manifest.functions[each].timeout
        for boundary in manifest.boundaries.values()
        for each in (boundary.function, boundary.timer.function)
    )
    report = Inspection("limits-hold")
    store = replace(manifest.store, lease=longest + more)
    values.limits_hold(replace(plan, manifest=replace(manifest, store=store)), report)
    assert [any(part in finding.message for part in says) for finding in report.findings] == [True for _ in says]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"https://{SERVICE}-abc123-uw.a.run.app", ""),
        (f"https://{SERVICE}-123456789012.us-west2.run.app", ""),
        ("https://another-abc123-uw.a.run.app", "the address of another service, another-abc123-uw.a.run.app"),
        (f"https://{SERVICE}s-abc123-uw.a.run.app", "the address of another service"),
        (f"https://{SERVICE}-123456789013.us-west2.run.app", "in project 123456789013, region us-west2"),
        (f"https://{SERVICE}-123456789012.us-west1.run.app", "region us-west1"),
    ],
)
def test_an_address_is_that_of_its_service(plan: Blueprint, url: str, says: str) -> None:
    report = Inspection("services-placed")
    values.services_placed(replace(plan, stack=replace(plan.stack, service_urls={SERVICE: url})), report)
    assert report.checked == 1
    assert [says in finding.message for finding in report.findings] == ([True] if says else [])


@pytest.mark.parametrize(
    ("block", "alert", "unit", "says"),
    [
        (0.5, None, "percent", []),
        (100, None, "percent", []),
        (101, None, "rows", []),
        (50, 50.5, "percent", []),
        (None, 100, "percent", []),
        (0, None, "percent", ["`block_below: 0` of gate"]),
        (100.5, None, "percent", ["`block_below: 100.5` of gate"]),
        (None, 101, "percent", ["`alert_below: 101` of gate"]),
        (50, 50, "percent", ["blocks before it warns"]),
        (0, 101, "percent", ["`block_below: 0` of gate", "`alert_below: 101` of gate"]),
    ],
)
def test_a_gate_speaks_inside_its_range(
    plan: Blueprint, block: float | None, alert: float | None, unit: str, says: list[str]
) -> None:
    boundaries = plan.manifest.boundaries
    name, boundary = next((name, each) for name, each in boundaries.items() if each.gates)
    kind, gate = next(iter(boundary.gates.items()))
    gates = {**boundary.gates, kind: replace(gate, block_below=block, alert_below=alert, unit=unit)}  # type: ignore[arg-type]
    changed = {**boundaries, name: replace(boundary, gates=gates)}
    report = Inspection("limits-hold")
    values.limits_hold(replace(plan, manifest=replace(plan.manifest, boundaries=changed)), report)
    assert [text in finding.message for text, finding in zip(says, report.findings, strict=True)] == [
        True for _ in says
    ]
