"""Contracts on what archives use: environment, secrets, tables and columns, topics, collections, places, programs.

That an archive is complete is found while it is built (`blueprint.archive`); these hold its uses against what
is declared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from analysis.files import Unreadable, read_input
from blueprint.archive import Archive
from blueprint.archive.distributions import DIRECT, FRAMEWORK, direct_requirements
from blueprint.contracts import Inspection, contract
from blueprint.deployment import EMULATOR_VARIABLES, PLATFORM_VARIABLES
from blueprint.findings import Location
from blueprint.model import Blueprint
from blueprint.schemas.cache import SchemaCache, reader_hash
from blueprint.schemas.loader import CACHE
from blueprint.schemas.statements import catalog, check_statement
from blueprint.sources import FOLDER

_SERVICE_URL = re.compile(r"\.(?:run\.app|cloudfunctions\.net)")
# What the runtime image can start beside Python itself.
_COMMANDS = {"python", "python3"}


@contract("env-declared", "Functions read exactly the declared environment", incidents=(55, 56, 57, 58))
def env_declared(plan: Blueprint, report: Inspection) -> None:
    """A name that nobody sets is empty in production; one that nobody reads is a leftover."""
    free = PLATFORM_VARIABLES | EMULATOR_VARIABLES | set(plan.manifest.environment)
    read: set[str] = set()
    computed: set[Location] = set()
    unset: dict[tuple[str, Location], list[str]] = {}
    for name, archive in plan.archives.items():
        secrets = plan.manifest.functions[name].secrets
        read |= {use.name for use in archive.uses.env}
        for use in archive.uses.env:
            report.check()
            if use.name.startswith("{"):
                if use.at not in computed:
                    message = "An environment variable is read by a computed name; name it literally."
                    report.violation(message, use.at)
                computed.add(use.at)
            elif use.name in plan.manifest.secrets and use.name not in secrets:
                report.violation(
                    f"'{name}' reads the secret '{use.name}' without declaring it; add it to the function's `secrets`.",
                    use.at,
                )
            elif use.name not in free | set(secrets):
                unset.setdefault((use.name, use.at), []).append(name)
        _unread_secrets(plan, name, archive, report)
    for (variable, at), readers in unset.items():
        others = f" (and {len(readers) - 1} more)" if len(readers) > 1 else ""
        report.violation(
            f"'{readers[0]}'{others} reads the environment variable '{variable}', which nothing sets; declare it under `environment` or `secrets`.",
            at,
        )
    for name, declared in plan.manifest.environment.items():
        if plan.code_is_whole and name not in read:
            report.warning(f"No function reads the environment variable '{name}'; delete it.", declared.at)


def _unread_secrets(plan: Blueprint, name: str, archive: Archive, report: Inspection) -> None:
    read = {use.name for use in archive.uses.env}
    for secret in plan.manifest.functions[name].secrets:
        report.check()
        if secret not in read:
            report.warning(
                f"'{name}' declares the secret '{secret}', which its code never reads; delete it, or the function holds a grant for nothing.",
                plan.manifest.functions[name].at,
            )


@contract("computed-queries-resolve", "Queries put together at run time find their tables", incidents=(64, 66, 68))
def computed_queries_resolve(plan: Blueprint, report: Inspection) -> None:
    """Of a query with parts that only running it tells, the tables and columns that can be read exist all the same."""
    tables = catalog(plan.schemas)
    cache = SchemaCache(plan.root / CACHE, reader_hash())
    for query in dict.fromkeys(query for archive in plan.archives.values() for query in archive.uses.queries):
        if "{" in query.text:
            report.check()
            checked = check_statement(
                query.text, tables, Location(query.at.file, query.at.line, 1), project=plan.stack.project, cache=cache
            )
            report.read((*checked.findings, *checked.notes))
        elif not query.text:
            for use in query.tables:
                report.check()
                if "{" not in use.table and use.table not in tables:
                    report.violation(
                        f"Nobody declares the table '{use.table}'; correct the name, or declare it under schemas/.",
                        use.at,
                    )


@contract("named-once", "Code names no topic, collection, place or service of its own", incidents=(31, 51, 63, 66))
def named_once(plan: Blueprint, report: Inspection) -> None:
    """What is named in code and in the declaration drifts apart; code takes it from its view."""
    manifest = plan.manifest
    collections = {phase.collection for phase in manifest.phases.values()} | set(manifest.store.collections.values())
    declared: Mapping[str, set[str]] = {
        "topics": set(manifest.topics),
        "collections": collections,
        "secrets": {secret.secret for secret in manifest.secrets.values()},
        "regions": set(),
        "project_numbers": set(),
        "urls": set(),
    }
    used = ((kind, use) for each in plan.archives.values() for kind in declared for use in getattr(each.uses, kind))
    for kind, use in dict.fromkeys(used):
        report.check()
        if problem := _named(kind, use.name, declared[kind]):
            report.violation(problem, use.at)


def _named(kind: str, name: str, declared: set[str]) -> str | None:
    """Return why code may not name `name`, or None where it may."""
    if kind == "urls":
        if not _SERVICE_URL.search(name):
            return None
        return f"The code has the service URL '{name}'; it changes with the service. Declare the service and take its URL from the environment."
    if name in declared or (name.startswith("{") and kind != "regions"):
        return None
    what = kind.removesuffix("s").replace("_", " ")
    why = "which is not declared" if declared else "which is the stack's to say"
    return f"The code names the {what} '{name}', {why}; take it from the view."


@contract("programs-present", "Code starts no program that the runtime lacks", incidents=(3, 5))
def programs_present(plan: Blueprint, report: Inspection) -> None:
    """The runtime image holds Python and little else."""
    for name, archive in plan.archives.items():
        report.check()
        for use in archive.uses.commands:
            if use.name not in _COMMANDS:
                report.violation(
                    f"'{name}' starts the program '{use.name}', which the runtime does not have; use a library.", use.at
                )


@contract("lock-used", "Every direct requirement is imported by a function", incidents=(8, 9, 10))
def lock_used(plan: Blueprint, report: Inspection) -> None:
    """A distribution that nobody imports costs cold start and breaks builds for nothing."""
    file = plan.root / FOLDER / DIRECT  # of the engine's own requirements a pipeline may leave some unused
    imported = {name for archive in plan.archives.values() for name in archive.imported}
    try:
        direct = direct_requirements(read_input(file), plan.manifest.python) if file.is_file() else {}
    except Unreadable:  # reported where the lock is read
        return
    for name, line in direct.items():
        report.check()
        if plan.code_is_whole and name not in imported | {FRAMEWORK}:
            report.warning(
                f"No function imports '{name}'; delete it and run `make lock`.", Location(f"{FOLDER}/{DIRECT}", line)
            )
