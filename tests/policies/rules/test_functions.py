"""Where a function's size stops being sound: on both sides of each limit."""

from __future__ import annotations

import pytest

from policies.rules.functions import mebibytes
from tests.policies.harness import DECLARED, said
from tests.policies.stack import FUNCTION

BYTES = {
    "": 1, "K": 1000, "Ki": 1024, "M": 1000**2, "Mi": 1024**2, "G": 1000**3, "Gi": 1024**3,
}  # fmt: skip


@pytest.mark.parametrize("unit", BYTES)
def test_memory_is_read_in_every_unit(unit: str) -> None:
    assert mebibytes(f"1.5{unit}") == pytest.approx(1.5 * BYTES[unit] / 1024**2, rel=1e-12)
    assert mebibytes(f"2{unit.lower()}") == pytest.approx(2 * BYTES[unit] / 1024**2, rel=1e-12)


@pytest.mark.parametrize("text", ["", "x", "Mi", "5 Mi", "1.Mi", "-1Mi", "1Ti"])
def test_what_is_no_memory_is_not_known(text: str) -> None:
    assert mebibytes(text) is None


@pytest.mark.parametrize(
    ("cpu", "memory", "concurrency", "words"),
    [
        ("1", "512Mi", 80, []), ("1.5", "512Mi", 2, []), ("0.999", "512Mi", 1, []), ("2", "512Mi", 3, []),
        ("0.999", "512Mi", 2, ["2 requests at a time need at least 1 CPU, this has 0.999; raise CPU or set 1."]),
        ("1", "511Mi", 1, ["511 MiB of memory have run out before; set at least 512Mi."]),
        ("4", "2Gi", 1, []), ("3.9", "2047Mi", 1, []),
        ("4", "2047Mi", 1, ["4 CPUs need at least 2Gi of memory, this has 2047 MiB; raise memory."]),
    ],
)  # fmt: skip
def test_sizes_fit_each_other(cpu: str, memory: str, concurrency: int, words: list[str]) -> None:
    function = FUNCTION.with_("serviceConfig.availableCpu", cpu).with_("serviceConfig.availableMemory", memory)
    function = function.with_("serviceConfig.maxInstanceRequestConcurrency", concurrency)
    assert said("concurrency-fits-cpu", function) == words


@pytest.mark.parametrize(("low", "high", "sound"), [(0, 1, True), (5, 5, True), (6, 5, False)])
def test_the_least_number_of_instances_is_at_most_the_most(low: int, high: int, sound: bool) -> None:
    function = FUNCTION.with_("serviceConfig.minInstanceCount", low).with_("serviceConfig.maxInstanceCount", high)
    assert (said("instances-declared", function) == []) is sound
    assert (said("always-on-budget", function) == []) is (low <= DECLARED.always_on)


def test_each_part_of_a_mounted_secret_is_asked_for() -> None:
    place = "serviceConfig.secretEnvironmentVariables.0"
    for needed in ("key", "secret", "version", "projectId"):
        told = [f"A secret variable at {place} has no {needed}; name it."]
        assert said("secret-version-pinned", FUNCTION.with_(f"{place}.{needed}", "")) == told


def test_a_plain_variable_is_told_by_its_own_name() -> None:
    named = FUNCTION.with_("serviceConfig.environmentVariables.API_KEY", "x")
    built = FUNCTION.with_("buildConfig.environmentVariables", {"HOOK": "https://hooks.slack.com/services/T/B/x"})
    assert [each.partition(";")[0] for each in said("no-secret-in-environment", named) + said("no-secret-in-environment", built)] == [
        "API_KEY is a plain variable but named like a secret",
        "The value of HOOK looks like a secret",
    ]  # fmt: skip
