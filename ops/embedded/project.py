"""`Pulumi.yaml` and `Pulumi.<stack>.yaml` as the engine would hand them to the program, checked by type.

Reads what this project needs of the format: a name, typed configuration keys with defaults, and a stack's values,
objects and `secure:` ones included. A value that is missing, unknown or of another type is a finding with its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blueprint import yamlsource
from blueprint.findings import Finding, Location, Refused
from blueprint.stack import SECRET, StackSettings, read_stack
from blueprint.yamlsource import YamlNode
from ops.embedded import project_file

RULE = "stack-config"
PROJECT_FILE = "Pulumi.yaml"
_TYPES: Mapping[str, tuple[type, str]] = {
    "string": (str, "text"),
    "integer": (int, "a whole number"),
    "boolean": (bool, "true or false"),
    "array": (tuple, "a list"),
    "object": (dict, "a mapping"),
}

_PROVIDERS = ("gcp", "*")
"""Packages whose default provider a stack disables, so that no resource can do without the declared one."""


@dataclass(frozen=True)
class ConfigKey:
    """One configuration key as `Pulumi.yaml` declares it; `items` is the type of a list's elements."""

    name: str
    type: str
    at: Location
    default: YamlNode | None = None
    items: YamlNode | None = None


@dataclass(frozen=True)
class Project:
    """A project and the configuration of one stack, as the program sees it.

    Attributes:
        name: the project's name.
        stack: the stack's name.
        config: qualified key → value as text, the form in which an engine passes it; a `secure:` inside a value is
            the stand-in that names it (`~secret:key.path~`).
        secrets: qualified keys of values that are `secure:` as a whole; they have no entry in `config`.
    """

    name: str
    stack: str
    config: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @property
    def disabled_providers(self) -> frozenset[str]:
        """Return the packages whose default provider the stack disables; `*` is all."""
        return frozenset(json.loads(self.config.get("pulumi:disable-default-providers", "[]")))


def load(root: Path, stack: str) -> Project:
    """Read the project at `root` with the configuration of `stack`; raises `Refused` with everything wrong."""
    tree, findings = yamlsource.load(root / PROJECT_FILE, PROJECT_FILE)
    if tree is None or not isinstance(tree.value, Mapping):
        raise Refused(findings or [Finding(RULE, "The project file is no mapping.", Location(PROJECT_FILE))])
    name = tree.value.get("name")
    if name is None or not isinstance(name.value, str):
        findings.append(Finding(RULE, "The project has no name; add `name: ...`.", (name or tree).at))
    findings += project_file.problems(tree)
    keys = {key.name: key for key in _keys(tree.value.get("config"), findings)}
    file = f"Pulumi.{stack}.yaml"
    if not (root / file).exists() and not (root / file).is_symlink():
        known = ", ".join(sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))) or "none"
        findings.append(
            Finding(RULE, f"There is no stack '{stack}': {file} is missing; stacks are: {known}.", Location(file))
        )
        raise Refused(findings)
    given, more = yamlsource.load(root / file, file)
    if given is None:
        raise Refused([*findings, *more])
    project = str(name.value) if name is not None else ""
    values, problems = _values(given, keys, project, file)
    findings += [*more, *problems]
    if findings:
        raise Refused(findings)
    config = {key: _text(node, key) for key, node in values.items() if not _secure(node)}
    secrets = tuple(sorted(key for key, node in values.items() if _secure(node)))
    return Project(project, stack, config, secrets)


def stack_settings(project: Project) -> StackSettings:
    """Return the stack's values as far as they are known without its key."""
    given = {**project.config, **{key: f"{SECRET}{key}~" for key in project.secrets}}
    return read_stack(project.stack, {key.removeprefix(f"{project.name}:"): text for key, text in given.items()})


def _keys(config: YamlNode | None, findings: list[Finding]) -> Iterator[ConfigKey]:
    declared = config.value if config is not None and isinstance(config.value, Mapping) else {}
    for name, node in declared.items():
        if not isinstance(node.value, Mapping):
            yield ConfigKey(name, _type_of(node), node.at, default=node)
            continue
        kind = node.value.get("type")
        default = node.value.get("default") or node.value.get("value")
        if kind is None and default is not None:
            yield ConfigKey(name, _type_of(default), node.at, default)
        elif kind is None or kind.value not in _TYPES:
            message = f"Configuration key '{name}' has no type; give it one of {', '.join(_TYPES)}."
            findings.append(Finding(RULE, message, node.key_at or node.at))
        else:
            key = ConfigKey(name, str(kind.value), node.key_at or node.at, default, node.value.get("items"))
            if default is not None and (problem := _mismatch(default, key.type, key.items)):
                findings.append(Finding(RULE, f"The default of '{name}' must be {problem}.", default.at))
            yield key


def _values(
    given: YamlNode | None, keys: Mapping[str, ConfigKey], project: str, file: str
) -> tuple[dict[str, YamlNode], list[Finding]]:
    findings: list[Finding] = []
    config = given.value.get("config") if given is not None and isinstance(given.value, Mapping) else None
    entries = config.value if config is not None and isinstance(config.value, Mapping) else {}
    values: dict[str, YamlNode] = {}
    for name, node in entries.items():
        namespace, _, local = name.rpartition(":")
        key = keys.get(local if namespace in ("", project) else name)
        if key is None and namespace in ("", project):
            known = ", ".join(sorted(keys)) or "none"
            message = f"The stack sets '{local}', which {PROJECT_FILE} does not declare; its keys are: {known}."
            findings.append(Finding(RULE, message, node.key_at or node.at))
        elif key is None and namespace == "pulumi" and (problem := _own_mismatch(local, node)):
            findings.append(Finding(RULE, f"'{name}' must be {problem}.", node.place))
        elif key is not None and not _secure(node) and (problem := _mismatch(node, key.type, key.items)):
            message = f"'{key.name}' must be {problem}, as {key.at} declares it."
            findings.append(Finding(RULE, message, node.at))
        values[f"{namespace or project}:{local}"] = node
    lacking = []
    for key in keys.values():
        qualified = key.name if ":" in key.name else f"{project}:{key.name}"
        if qualified in values:
            continue
        if key.default is not None:
            values[qualified] = key.default
        else:
            lacking.append((key, qualified))
    at = config.at if config is not None else Location(file)
    return values, [*findings, *_not_set(lacking, project, values, at)]


def _not_set(
    lacking: Sequence[tuple[ConfigKey, str]], project: str, values: Iterable[str], at: Location
) -> Iterator[Finding]:
    """Yield what the stack does not set, in one sentence: mostly one thing is wrong, such as the project's name."""
    if not lacking:
        return
    names = ", ".join(f"'{key.name}'" for key, _ in lacking)
    if len(lacking) == 1:
        cure = f"which {lacking[0][0].at} declares; add `{lacking[0][1]}: ...`"
    else:
        cure = f"which {PROJECT_FILE} declares; add each as `{project}:NAME: ...`"
    wanted = {key.name for key, _ in lacking}
    others = sorted({name.rpartition(":")[0] for name in values if name.rpartition(":")[2] in wanted} - {project})
    hint = f", or call the project '{others[0]}', whose values it sets" if len(lacking) > 1 and len(others) == 1 else ""
    yield Finding(RULE, f"The stack does not set {names}, {cure}{hint}.", at)


def _own_mismatch(name: str, node: YamlNode) -> str | None:
    """Return what a value of the engine's own configuration should have been, or None where it is that or not known."""
    if name == "disable-default-providers" and not (
        isinstance(node.value, tuple) and all(each.value in _PROVIDERS for each in node.value)
    ):
        return f"a list of the providers that the program could use: {' or '.join(_PROVIDERS)}"
    return None


def _mismatch(node: YamlNode, kind: str, items: YamlNode | None = None) -> str | None:
    """Return what the node should have been, or None where it is that."""
    wanted, words = _TYPES[kind]
    value = node.value
    if _secure(node):
        return None
    fits = isinstance(value, Mapping if wanted is dict else wanted) and not (wanted is int and isinstance(value, bool))
    if not fits:
        return words
    if isinstance(value, tuple) and items is not None and isinstance(items.value, Mapping):
        inner = items.value.get("type")
        if inner is not None and any(_mismatch(item, str(inner.value)) for item in value):
            return f"a list of {_TYPES[str(inner.value)][1]}"
    return None


def _type_of(node: YamlNode) -> str:
    kinds = {bool: "boolean", int: "integer", tuple: "array", dict: "object"}
    return kinds.get(type(node.value), "string")


def _secure(node: YamlNode) -> bool:
    return isinstance(node.value, Mapping) and set(node.value) == {"secure"}


def _text(node: YamlNode, key: str) -> str:
    value = _shown(node, key)
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _shown(node: YamlNode, path: str) -> object:
    """Return the plain value, each `secure:` in it as the stand-in that names it."""
    if _secure(node):
        return f"{SECRET}{path}~"
    if isinstance(node.value, Mapping):
        return {name: _shown(child, f"{path}.{name}") for name, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [_shown(child, f"{path}[{number}]") for number, child in enumerate(node.value)]
    return node.plain()
