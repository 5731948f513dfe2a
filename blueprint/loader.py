"""Reads `pipeline.yaml` into a `Manifest`: its grammar, then the names in it."""

from __future__ import annotations

from pathlib import Path

from blueprint import yamlsource
from blueprint.decode import Decoder, json_schema
from blueprint.findings import Finding, Refused
from blueprint.manifest import Manifest
from blueprint.references import check_references

RULE = "manifest"
FILE = "pipeline.yaml"
SCHEMA_FILE = "pipeline.schema.json"


def read_manifest(root: Path, file: str = FILE) -> tuple[Manifest | None, list[Finding]]:
    """Return the declaration in `root` as far as it can be read, and everything that is wrong with it.

    A manifest with violations serves to look further (its folders, its files), never to declare anything.
    """
    tree, findings = yamlsource.load(root / file, file)
    if tree is None:
        return None, findings
    decoder = Decoder(RULE)
    manifest = decoder.decode(Manifest, tree, f"`{file}`")
    findings += decoder.findings
    if manifest is not None and not findings:
        findings += check_references(manifest)
    return manifest, findings


def load_manifest(root: Path, file: str = FILE) -> Manifest:
    """Return the declaration in `root`; raises `Refused` with everything that is wrong with it."""
    manifest, findings = read_manifest(root, file)
    if manifest is None or findings:
        raise Refused(findings)
    return manifest


def schema() -> dict[str, object]:
    """Return the JSON Schema of `pipeline.yaml`."""
    return json_schema(Manifest, "Pipeline declaration")
