"""Functions: reachable only from inside, sized consistently, on a supported runtime, and free of secrets in the open."""

from __future__ import annotations

import re
from datetime import timedelta

from policies.case import Case, StackCase
from policies.kinds import FUNCTION, FUNCTION_GEN1, RUN_SERVICE
from policies.registry import resource_rule, stack_rule
from policies.runtimes import runtimes

INTERNAL = frozenset({"ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"})
RUNTIME_NOTICE = timedelta(days=183)  # six months: one season's quiet time to move everything to the next runtime

SECRET_NAME = re.compile(
    r"SECRET|TOKEN|PASSWORD|PASSWD|WEBHOOK|API_?KEY|PRIVATE_?KEY|CREDENTIAL|ACCESS_?KEY|(^|_)DSN(_|$)", re.IGNORECASE
)
SECRET_VALUE = re.compile(
    r"""hooks\.slack\.com/|-----BEGIN\ [A-Z ]*PRIVATE\ KEY|\bxox[abprs]-|\bAIza[0-9A-Za-z_-]{20}
    |\bgh[pousr]_[0-9A-Za-z]{20}|\bya29\.|://[^/\s:@]+:[^/\s:@]+@|\bsk-[0-9A-Za-z]{16}|\bAKIA[0-9A-Z]{12}""",
    re.VERBOSE,
)
MEBI = {
    "K": 1 / 1.024**2 / 1000,
    "KI": 1 / 1024,
    "M": 1 / 1.048576,
    "MI": 1.0,
    "G": 1e9 / 2**20,
    "GI": 1024.0,
}


@resource_rule(
    "ingress-internal", "Functions are reached from inside the project only", incidents=(30,), kinds=(FUNCTION,)
)
def ingress_internal(case: Case) -> None:
    """Refuse functions open to the internet; push and scheduler of the same project count as inside."""
    path = "serviceConfig.ingressSettings"
    if not case.has(path):
        case.violation("Ingress is not set and defaults to the open internet; set ALLOW_INTERNAL_ONLY.")
    for ingress in case.values(path):
        if ingress not in INTERNAL:
            case.violation(f"Ingress is {ingress}; set ALLOW_INTERNAL_ONLY.")


@resource_rule(
    "no-secret-in-environment",
    "Secrets are mounted from Secret Manager, never written into the environment",
    incidents=(55, 58),
    kinds=(FUNCTION, RUN_SERVICE),
)
def no_secret_in_environment(case: Case) -> None:
    """Refuse plain variables whose name or value says that they are a secret: state and console show them in clear text."""
    for place, value in case.entries("serviceConfig.environmentVariables.*") + case.entries(
        "buildConfig.environmentVariables.*"
    ):
        name = place.rpartition(".")[2]
        if SECRET_NAME.search(name):
            case.violation(f"{name} is a plain variable but named like a secret; mount it as a secret variable.")
        elif SECRET_VALUE.search(str(value)):
            case.violation(f"The value of {name} looks like a secret; mount it as a secret variable.")


@resource_rule(
    "secret-version-pinned", "A mounted secret names its secret and its version", incidents=(58,), kinds=(FUNCTION,)
)
def secret_version_pinned(case: Case) -> None:
    """Refuse secret mounts without secret, version or project: a dropped or empty mount is found out only when it is needed."""
    for place, _ in case.entries("serviceConfig.secretEnvironmentVariables.*"):
        for needed in ("key", "secret", "version", "projectId"):
            if case.missing(f"{place}.{needed}"):
                case.violation(f"A secret variable at {place} has no {needed}; name it.")


@resource_rule(
    "runtime-supported", "The runtime is supported for at least six more months", incidents=(10, 12), kinds=(FUNCTION,)
)
def runtime_supported(case: Case) -> None:
    """Refuse runtimes near the end of their life, and those whose end nobody wrote down (policies/runtimes.yaml)."""
    if not case.has("buildConfig.runtime"):
        case.violation("No runtime is set; name one from policies/runtimes.yaml.")
    for name in case.values("buildConfig.runtime"):
        runtime = runtimes().get(str(name))
        if runtime is None:
            case.violation(
                f"Runtime {name} is not in policies/runtimes.yaml; add it with its dates, or use one that is."
            )
        elif case.declared.today > runtime.deprecated - RUNTIME_NOTICE:
            newest = max(
                (
                    other
                    for other in runtimes().values()
                    if other.name.rstrip("0123456789") == name.rstrip("0123456789")
                ),
                key=lambda other: other.deprecated,
            )
            case.violation(f"Runtime {name} is supported until {runtime.deprecated} only; move to {newest.name}.")


@resource_rule(
    "concurrency-fits-cpu",
    "Concurrency, CPU and memory are set together and fit each other",
    incidents=(60,),
    kinds=(FUNCTION,),
)
def concurrency_fits_cpu(case: Case) -> None:
    """Refuse sizes that the platform rejects or that run out of memory.

    Under one CPU only one request at a time is allowed, and a CPU that is not named follows from the memory.
    """
    cpu = case.number("serviceConfig.availableCpu")
    concurrency = case.number("serviceConfig.maxInstanceRequestConcurrency")
    for path in ("availableCpu", "maxInstanceRequestConcurrency", "availableMemory", "timeoutSeconds"):
        if not case.has(f"serviceConfig.{path}"):
            case.violation(f"serviceConfig.{path} is not set, so the platform chooses; set it next to the others.")
    if cpu is not None and concurrency is not None and cpu < 1 < concurrency:
        case.violation(f"{concurrency:g} requests at a time need at least 1 CPU, this has {cpu:g}; raise CPU or set 1.")
    memory = mebibytes(case.text("serviceConfig.availableMemory"))
    if memory is not None and memory < 512:
        case.violation(f"{memory:g} MiB of memory have run out before; set at least 512Mi.")
    if cpu is not None and memory is not None and cpu >= 4 and memory < 2048:
        case.violation(f"{cpu:g} CPUs need at least 2Gi of memory, this has {memory:g} MiB; raise memory.")


@resource_rule(
    "instances-declared", "The number of instances is bounded on both sides", incidents=(39, 59), kinds=(FUNCTION,)
)
def instances_declared(case: Case) -> None:
    """Refuse functions whose bounds are left to the platform: a redeploy resets what is not declared, a storm has no ceiling."""
    for path in ("serviceConfig.minInstanceCount", "serviceConfig.maxInstanceCount"):
        if not case.has(path):
            case.violation(f"{path} is not set; declare it, also when it is the default.")
    low, high = (case.number(f"serviceConfig.{side}InstanceCount") for side in ("min", "max"))
    if low is not None and high is not None and low > high:
        case.violation(f"At least {low:g} and at most {high:g} instances cannot both hold; raise the maximum.")


@stack_rule("always-on-budget", "The instances that run day and night stay within the budget", incidents=(59,))
def always_on_budget(stack: StackCase) -> None:
    """Refuse more instances that never scale to zero than the stack allows: their bill comes whether used or not."""
    counts = {case.subject.name: case.number("serviceConfig.minInstanceCount", 0) or 0 for case in stack.of(FUNCTION)}
    total = sum(counts.values())
    if total > stack.declared.always_on:
        who = ", ".join(f"{name} {count:g}" for name, count in sorted(counts.items()) if count)
        stack.violation(
            f"{total:g} instances run day and night ({who}), {stack.declared.always_on} are allowed; lower minInstanceCount or raise `instances` in the pack's configuration."
        )


@resource_rule(
    "subscription-is-ours",
    "Functions get messages through a declared push subscription",
    incidents=(34, 36, 37, 38),
    kinds=(FUNCTION,),
)
def subscription_is_ours(case: Case) -> None:
    """Refuse platform-made event triggers: their hidden subscription has no dead letter, 10 s to acknowledge, a day's memory."""
    if case.states("eventTrigger"):
        case.violation(
            "An event trigger makes a subscription nobody can configure; declare a push subscription instead."
        )


@resource_rule("second-generation-only", "Functions are second generation", incidents=(13, 73), kinds=(FUNCTION_GEN1,))
def second_generation_only(case: Case) -> None:
    """Refuse first-generation functions: every alert, grant and log filter is written for the second."""
    case.violation("This is a first-generation function, which no alert or grant here covers; use cloudfunctionsv2.")


def mebibytes(text: str) -> float | None:
    """Return a memory size such as `512Mi`, `512M` or `1Gi` in MiB; None when it cannot be read."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMG]i?)?", text, re.IGNORECASE)
    if match is None:
        return None
    unit = (match[2] or "").upper()
    return float(match[1]) * MEBI[unit] if unit else float(match[1]) / 2**20
