"""The picture of the pipeline in the README: what the declaration says happens between phases, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from blueprint.loader import load_manifest
from ops.page import drawing

FILE: Final = "docs/pipeline.svg"


def pages(root: Path) -> dict[str, str]:
    """Return the picture by its path."""
    return {FILE: drawing.alone(drawing.picture(load_manifest(root)))}
