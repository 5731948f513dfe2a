"""Small plans, in the form of `plan --json`, for tests of their comparison."""

from __future__ import annotations

from typing import Any

STACK = "urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod"


def resource(token: str, name: str, /, *, parent: str = STACK, protect: bool = False, **inputs: Any) -> dict[str, Any]:
    options = {"options": {"protect": True}} if protect else {}
    return {
        "urn": f"urn:pulumi:prod::p::{token}::{name}",
        "type": token,
        "name": name,
        "parent": parent,
        "inputs": inputs,
    } | options


def plan(*resources: dict[str, Any], **other: Any) -> dict[str, Any]:
    stack = {"urn": STACK, "type": "pulumi:pulumi:Stack", "name": "p-prod", "parent": "", "inputs": {}}
    return {"stack": "prod", "resources": [stack, *resources], "archives": [], "violations": []} | other


def archive(function: str, **files: str) -> dict[str, Any]:
    listed = [{"path": path.replace("_py", ".py"), "sha256": text} for path, text in sorted(files.items())]
    return {"function": function, "sha256": repr(listed), "files": listed}


def violation(message: str, file: str = "pipeline.yaml", line: int = 1) -> dict[str, Any]:
    return {"rule": "a-rule", "message": message, "file": file, "line": line}
