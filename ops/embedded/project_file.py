"""Checks what `Pulumi.yaml` says beside the configuration: what only the CLI reads would otherwise fail at the first preview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from blueprint.findings import Finding, Location
from blueprint.yamlsource import YamlNode

RULE = "stack-config"
KEYS = frozenset([
    "name", "runtime", "main", "description", "author", "website", "license", "config", "stackConfigDir", "template",
    "backend", "options", "plugins", "packages", "requiredPulumiVersion",
])  # fmt: skip
"""What a project file may say (Pulumi, project file reference)."""
CONFIG_KEYS = frozenset(("type", "description", "default", "value", "items", "secret"))
RUNTIME_KEYS = frozenset(("name", "options"))
OPTION_KEYS = frozenset(("toolchain", "virtualenv", "typechecker"))
LANGUAGE, ENVIRONMENT = "python", ".venv"
"""What the program is written in, and the folder that `make` builds for it."""


def problems(tree: YamlNode) -> Iterator[Finding]:
    """Yield what is wrong with a project file, apart from the values of its configuration."""
    yield from _unknown(tree, KEYS, "The project file")
    given = tree.value if isinstance(tree.value, Mapping) else {}
    if config := given.get("config"):
        for name, node in config.value.items() if isinstance(config.value, Mapping) else ():
            yield from _unknown(node, CONFIG_KEYS, f"The configuration key '{name}'")
    runtime = given.get("runtime")
    if runtime is None:
        yield Finding(RULE, f"The project has no runtime; add `runtime: {LANGUAGE}`.", tree.at)
        return
    yield from _unknown(runtime, RUNTIME_KEYS, "The runtime")
    yield from _runtime(runtime)


def _runtime(runtime: YamlNode) -> Iterator[Finding]:
    parts = runtime.value if isinstance(runtime.value, Mapping) else {"name": runtime}
    name, options = parts.get("name"), parts.get("options")
    if name is None or name.value != LANGUAGE:
        given = "not named" if name is None else f"'{name.plain()}'"
        yield Finding(
            RULE,
            f"The runtime is {given}, and the program is written in Python; name it {LANGUAGE}.",
            (name or runtime).at,
        )
    chosen = options.value if options is not None and isinstance(options.value, Mapping) else {}
    if options is not None:
        yield from _unknown(options, OPTION_KEYS, "`runtime.options`")
    folder = chosen.get("virtualenv")
    if folder is not None and str(folder.value).rpartition("/")[2] != ENVIRONMENT:
        yield Finding(
            RULE,
            f"The CLI would make an empty environment in '{folder.plain()}'; the one that `make` fills is {ENVIRONMENT}.",
            folder.at,
        )


def _unknown(node: YamlNode, known: frozenset[str], what: str) -> Iterator[Finding]:
    for name, child in node.value.items() if isinstance(node.value, Mapping) else ():
        if name not in known:
            at = child.key_at or Location(node.at.file)
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"it may have {', '.join(sorted(known))}."
            yield Finding(RULE, f"{what} has the key '{name}', which says nothing there; {hint}", at)
