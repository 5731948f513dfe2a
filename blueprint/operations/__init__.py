"""The questions that on-call asks of the data, as SQL over the parts that the declaration gives to tables.

A query names a table by its part, `${completions}`; the declaration says which table that is. A contract resolves every
query against the schemas, so that a renamed column is found at preview and not at night (incidents 65, 66, 68).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from blueprint.manifest import Manifest

FOLDER = Path(__file__).parent
PART = re.compile(r"\$\{([a-z_]+)\}")


def parts(sql: str) -> list[str]:
    """Return the parts whose tables a query names."""
    return PART.findall(sql)


def operator_queries() -> Mapping[str, str]:
    """Return every query by name, with parts as placeholders."""
    return {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.sql"))}


def operator_query(name: str, manifest: Manifest) -> str:
    """Return the query `name` with the declared tables in it; raises `KeyError` for a part without a table."""
    return PART.sub(lambda match: manifest.tables[match[1]], operator_queries()[name])
