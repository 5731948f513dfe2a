"""The questions that on-call asks of the data, as SQL over the parts that the declaration gives to tables.

A query names a table by its part, `${completions}`, and the column of the date as `${date_field}`; the declaration says
which they are. A contract resolves every query against the schemas, so that a renamed column is found at preview and not
at night (incidents 65, 66, 68).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from blueprint.manifest import Manifest

FOLDER = Path(__file__).parent
PLACEHOLDER = re.compile(r"\$\{([a-z_]+)\}")
DATE_FIELD = "date_field"


def parts(sql: str) -> list[str]:
    """Return the parts whose tables a query names."""
    return [name for name in PLACEHOLDER.findall(sql) if name != DATE_FIELD]


def operator_queries() -> Mapping[str, str]:
    """Return every query by name, with placeholders."""
    return {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.sql"))}


def operator_query(name: str, manifest: Manifest) -> str:
    """Return the query `name` with what the declaration says in it; raises `KeyError` for a part without a table."""
    known = {**manifest.tables, DATE_FIELD: manifest.date_field}
    return PLACEHOLDER.sub(lambda match: known[match[1]], operator_queries()[name])
