"""The composite index that a query on documents needs.

The emulator answers every query without an index and production refuses it, so a missing index is found here or by users.
"""

from __future__ import annotations

from blueprint.archive.model import DocumentQuery
from blueprint.schemas.firestore import Index, IndexField, with_name

EQUAL = frozenset({"==", "in"})
ARRAY = frozenset({"array_contains", "array_contains_any"})
OPERATORS = EQUAL | ARRAY | {"<", "<=", ">", ">=", "!=", "not-in"}
"""What `where` of Google's client for Python takes; the names that other languages have for arrays it refuses."""


def index_of(query: DocumentQuery) -> tuple[IndexField, ...] | None:
    """Return the index that a query needs, `__name__` included, or None where single-field indexes do.

    Equalities first, then the field of the range and of the order, which must be the same; each in the
    direction of the query. A query that only compares for equality is answered by merging single-field
    indexes.
    """
    conditions = query.conditions or ()
    equal = sorted({field for field, operator in conditions if operator in EQUAL})
    arrays = sorted({field for field, operator in conditions if operator in ARRAY})
    ranged = [field for field, operator in conditions if operator not in EQUAL | ARRAY]
    ordered = dict(query.order) or dict.fromkeys(ranged, "ASCENDING")
    if not ordered or not (equal or arrays or len(ordered) > 1):
        return None
    fields = [IndexField(field, "ASCENDING") for field in equal]
    fields += [IndexField(field, array_config="CONTAINS") for field in arrays]
    fields += [
        IndexField(field, "DESCENDING" if direction == "DESCENDING" else "ASCENDING")
        for field, direction in ordered.items()
    ]
    return with_name(tuple(fields))


def covers(index: Index, needed: tuple[IndexField, ...]) -> bool:
    """Return whether a declared index answers a query that needs these fields: equalities may come in any order."""
    return _normal(index.fields) == _normal(needed)


def _normal(fields: tuple[IndexField, ...]) -> tuple[frozenset[str], tuple[IndexField, ...]]:
    """Split off the ordered tail (the last field before `__name__`, and `__name__`); the head is a set of names."""
    return frozenset(each.field_path for each in fields[:-2]), fields[-2:]
