"""Function sources: an object per content, so that new bytes are a new deployment and old bytes are none."""

from __future__ import annotations

import re

from policies.case import Case, StackCase
from policies.kinds import BUCKET_OBJECT, FUNCTION
from policies.registry import resource_rule, stack_rule

HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{12,64}(?![0-9a-f])")
TIMESTAMP = re.compile(r"(?<!\d)(20\d{2}-?[01]\d-?[0-3]\d|1[6-9]\d{8,11})(?![0-9a-f])")


@resource_rule(
    "archive-content-addressed",
    "An archive's name carries the hash of its content",
    incidents=(16, 18),
    kinds=(BUCKET_OBJECT,),
)
def archive_content_addressed(case: Case) -> None:
    """Refuse an archive under a constant name, which never deploys again, or under a time, which always does.

    The content hash is written as 12 to 64 hexadecimal digits.
    """
    for name in case.values("name"):
        if not str(name).endswith(".zip"):
            continue
        if HASH.search(str(name)) is None:
            case.violation(f"The name {name} does not carry the content's hash, so new code never deploys; put it in.")
        elif TIMESTAMP.search(HASH.sub("", str(name))):
            case.violation(f"The name {name} carries a time, so every update deploys everything; leave the time out.")


@stack_rule("source-is-an-archive", "Every function is built from an archive of this stack", incidents=(16, 20, 22))
def source_is_an_archive(stack: StackCase) -> None:
    """Refuse a function whose source is not an object of this stack, or is pinned to a generation.

    The platform reports the generation of its own copy, so a pinned one differs for ever.
    """
    for function in stack.of(FUNCTION):
        if not stack.referenced(function, "buildConfig.source.storageSource.object", BUCKET_OBJECT):
            function.violation("Its source is no archive of this stack; build one and refer to it.")
        if function.states("buildConfig.source.storageSource.generation"):
            function.violation("Its source pins a generation, which differs on every update; leave it out.")


@resource_rule(
    "no-time-in-environment",
    "No build or runtime variable changes with the time of the update",
    incidents=(16, 21),
    kinds=(FUNCTION,),
)
def no_time_in_environment(case: Case) -> None:
    """Refuse the custom of forcing a deployment through a variable with the time in it."""
    for place, value in case.entries("serviceConfig.environmentVariables.*") + case.entries(
        "buildConfig.environmentVariables.*"
    ):
        if re.fullmatch(TIMESTAMP.pattern + r"([T _-]?[\d:.]+Z?)?", str(value)):
            case.violation(f"{place} is a time, so every update deploys it again; the archive's name is the version.")
