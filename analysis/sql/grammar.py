"""Which parts of sqlglot's tree are GoogleSQL: sqlglot reads many dialects at once and takes what only others have.

What is foreign is refused with what to write instead; a part that is neither listed nor foreign is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlglot import exp

from analysis.sql.text import Tree

_PARTS = """
Alias: alias this
All: this
Any: this
Array: expressions struct_name_inheritance bracket_notation
AtTimeZone: this zone
Between: high low this
Bracket: expressions offset safe this
Case: default ifs this
Cast: format this to
Column: catalog db table this
CTE: alias this
Cube: expressions
Delete: tables this where
Distinct: expressions
Except Intersect Union: by_name distinct expression kind limit offset on order side this with_
Exists: this
Extract: expression this
From: this
Group: all cube expressions grouping_sets rollup
GroupingSets: expressions
Having: this
HavingMax: expression max this
If: false this true
IgnoreNulls RespectNulls: this
In: expressions query this unnest
Insert: expression this
Interval: this unit
Is: expression this
Join: expressions kind method on side this using
Like: expression negate this
Limit: expression this
Merge: on this using whens
Offset: expression
Order: expressions this
Ordered: desc nulls_first this
Qualify: this
Rollup: expressions
Schema: expressions this
Select: distinct expressions from_ group having joins kind limit offset order qualify where windows with_
Star: except_ replace
Struct: expressions
Subquery: alias joins limit offset order pivots sample this with_
Table: alias catalog db joins pivots sample this version when
TableAlias: columns this
TableSample: method percent
TruncateTable: expressions
TryCast: format safe this to
Unnest: alias explode_array expressions offset
Update: expressions from_ this where
Values: expressions
Version: expression kind this
When: condition matched source then
Where: this
Window: alias order over partition_by spec this
WindowSpec: end end_side kind start start_side
With: expressions recursive
"""
_DEAD = "BigQuery has no such clause; remove it"
FOREIGN = {
    "Insert.overwrite": "GoogleSQL has no INSERT OVERWRITE; TRUNCATE first, or use MERGE.",
    "Insert.conflict": "BigQuery has no ON CONFLICT; use MERGE.",
    "Insert.source": "INSERT takes VALUES or a query; write SELECT.",
    "Insert.ignore": "BigQuery has no INSERT IGNORE; use MERGE.",
    "Insert.alternative": "GoogleSQL has no INSERT OR …; use MERGE.",
    "Insert.partition": "An INSERT names no partition; give its column.",
    "Insert.where": "An INSERT has no WHERE; put it into the query.",
    "Delete.using": "DELETE names one table; ask others in a subquery of WHERE.",
    "Delete.limit": "DELETE has no LIMIT; say which rows in WHERE.",
    "Delete.order": "DELETE has no ORDER BY; say which rows in WHERE.",
    "Update.limit": "UPDATE has no LIMIT; say which rows in WHERE.",
    "Update.order": "UPDATE has no ORDER BY; say which rows in WHERE.",
    "Merge.using_cond": "MERGE … USING a table needs ON; write the condition.",
    "Select.into": "GoogleSQL has no SELECT INTO; write INSERT … SELECT.",
    "Select.locks": "BigQuery has no FOR UPDATE; remove it.",
    "Select.laterals": "GoogleSQL has no LATERAL VIEW; join UNNEST of the array.",
    "Distinct.on": "GoogleSQL has no DISTINCT ON; use QUALIFY ROW_NUMBER() OVER (…) = 1.",
    "In.field": "IN takes a list in parentheses, a subquery, or UNNEST of an array; write one.",
    "Group.totals": "GoogleSQL has no WITH TOTALS; use ROLLUP.",
    "WindowSpec.exclude": "A window frame of GoogleSQL has no EXCLUDE; remove it.",
    "Table.partition": "A table of GoogleSQL has no PARTITION clause; filter the partition in WHERE.",
    "Escape": "LIKE of GoogleSQL has no ESCAPE; escape with a backslash.",
    "SimilarTo": "GoogleSQL has no SIMILAR TO; use REGEXP_CONTAINS.",
    "Glob": "GoogleSQL has no GLOB; use LIKE.",
    "Filter": "An aggregate of GoogleSQL has no FILTER; write COUNTIF, or IF inside the aggregate.",
    "Fetch": "GoogleSQL has no FETCH; write LIMIT.",
    "Lateral": "GoogleSQL has no LATERAL; join UNNEST or a correlated array.",
    "WithinGroup": "An aggregate of GoogleSQL has no WITHIN GROUP; put ORDER BY inside the call.",
    **dict.fromkeys(("Insert.with_", "Update.with_", "Delete.with_", "Merge.with_"),
                    "WITH stands before a query and not before a write; move it into the query."),
    **dict.fromkeys(("Insert.returning", "Update.returning", "Delete.returning", "Merge.returning"),
                    "A write of BigQuery returns no rows; remove RETURNING and query the table."),
    **dict.fromkeys(("Select.sort", "Select.cluster", "Select.distribute", "Select.connect", "Select.prewhere",
                     "Select.settings", "Select.format", "Select.match", "Select.hint"), f"{_DEAD}."),
}  # fmt: skip
"""Node, or node and part → what to write instead."""

_ALLOWED = {
    node: frozenset(parts.split())
    for head, _, parts in (line.partition(":") for line in _PARTS.strip().splitlines())
    for node in head.split()
}


class Odd(NamedTuple):
    """A part of a statement that is no GoogleSQL (`refusal` says what to write), or that this reader does not follow."""

    node: Tree
    refusal: str


def odd_parts(tree: Tree) -> Iterator[Odd]:
    """Yield what of a statement is foreign or not followed, the outermost part of each."""
    for node in tree.walk(prune=lambda each: type(each).__name__ in FOREIGN):
        name = type(node).__name__
        if message := FOREIGN.get(name):
            yield Odd(node, message)
            continue
        if isinstance(node, exp.Any | exp.All) and not isinstance(node.parent, exp.Like):
            yield Odd(node, f"GoogleSQL compares with {name.upper()} in LIKE only; use IN, EXISTS, MAX or MIN.")
        known = _ALLOWED.get(name)
        for part, value in node.args.items() if known is not None else ():
            if part not in (known or ()) and value not in (None, False, [], ""):
                at = value if isinstance(value, exp.Expression) else node
                yield Odd(at, FOREIGN.get(f"{name}.{part}", ""))
