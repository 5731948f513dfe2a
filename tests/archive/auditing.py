"""What the tests of the audit share: a messy tree, the target, and the audit of one function that is written for it."""

from __future__ import annotations

from pathlib import Path

from analysis.audit.model import AuditedFunction
from analysis.audit.tree import audit_tree

MESSY = Path(__file__).parent / "trees" / "messy" / "functions"
TARGET = (3, 11)


def one(tmp_path: Path, main: str, requirements: str | bytes | None = None) -> AuditedFunction:
    """Return the audit of one function."""
    folder = tmp_path / "one"
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(main + "\n\n\ndef handle(request):\n    return 1\n")
    if requirements is not None:
        text = requirements if isinstance(requirements, bytes) else requirements.encode()
        (folder / "requirements.txt").write_bytes(text)
    return audit_tree(tmp_path, target_python=TARGET).functions[0]
