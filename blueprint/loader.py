"""Reads `pipeline.yaml` into a `Manifest`: its grammar, then the names in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from blueprint import yamlsource
from blueprint.decode import Decoder
from blueprint.derived import completed
from blueprint.findings import Finding, Refused, once
from blueprint.json_schema import json_schema
from blueprint.manifest import Manifest
from blueprint.references import check_references

RULE = "manifest"
FILE = "pipeline.yaml"
SCHEMA_FILE = "pipeline.schema.json"


@dataclass(frozen=True)
class Declaration:
    """A declaration as far as it can be read.

    Attributes:
        manifest: what it says, or None where too little can be read.
        findings: everything that is wrong with it.
        whole: whether `manifest` holds all that is declared and every name in it leads somewhere. What is not whole
            serves to look further (its folders, its files), never to judge what is missing from it.
    """

    manifest: Manifest | None
    findings: tuple[Finding, ...]
    whole: bool


def read_declaration(root: Path) -> Declaration:
    """Return the declaration in `root`; raises nothing for what a user wrote."""
    tree, findings = yamlsource.load(root / FILE, FILE)
    if tree is None:
        return Declaration(None, tuple(findings), False)
    decoder = Decoder(RULE)
    manifest = decoder.decode(Manifest, completed(tree), f"`{FILE}`")
    whole = manifest is not None and decoder.whole and not findings
    findings += decoder.findings
    if manifest is not None and whole:
        dangling = check_references(manifest)
        findings += dangling
        whole = not dangling
    return Declaration(manifest, once(findings), whole)


def read_manifest(root: Path) -> tuple[Manifest | None, list[Finding]]:
    """Return the declaration in `root` as far as it can be read, and everything that is wrong with it."""
    found = read_declaration(root)
    return found.manifest, list(found.findings)


def load_manifest(root: Path) -> Manifest:
    """Return the declaration in `root`; raises `Refused` with everything that is wrong with it."""
    found = read_declaration(root)
    if found.manifest is None or found.findings:
        raise Refused(found.findings)
    return found.manifest


def schema() -> dict[str, object]:
    """Return the JSON Schema of `pipeline.yaml`."""
    return json_schema(Manifest, "Pipeline declaration")
