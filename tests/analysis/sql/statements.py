"""Statements that hypothesis builds from the grammar: mostly well typed, with a wrong part now and then."""

from __future__ import annotations

from hypothesis import strategies as st

LEAVES = {
    "INT64": ["a", "s.x", "arr[0].v", "n[OFFSET(0)]", "1", "NULL"],
    "STRING": ["b", "s.y", "arr[0].k", "'x'", "'2020-01-01'", "NULL"],
    "BOOL": ["c", "TRUE", "NULL"],
    "DATE": ["d", "s.z.w", "DATE '2020-01-01'", "CURRENT_DATE('UTC')"],
    "TIMESTAMP": ["ts", "CURRENT_TIMESTAMP()"],
    "DATETIME": ["dt"],
    "FLOAT64": ["f", "1.5"],
    "NUMERIC": ["num", "NUMERIC '1.5'"],
    "JSON": ["j"],
    "ARRAY": ["n", "[1, 2]", "GENERATE_ARRAY(1, 3)"],
    "STRUCT": ["s", "STRUCT(1 AS x, 'y' AS y)"],
    "BYTES": ["bs", "b'x'"],
    "TIME": ["tm"],
    "INTERVAL": ["iv", "INTERVAL 1 DAY"],
}
CALLS = [
    ("INT64", "({} + {})", "INT64", "INT64"), ("INT64", "DATE_DIFF({}, {}, DAY)", "DATE", "DATE"),
    ("INT64", "TIMESTAMP_DIFF({}, {}, SECOND)", "TIMESTAMP", "TIMESTAMP"), ("INT64", "LENGTH({})", "STRING"),
    ("INT64", "ARRAY_LENGTH({})", "ARRAY"), ("INT64", "EXTRACT(YEAR FROM {})", "DATE"), ("INT64", "ABS({})", "INT64"),
    ("INT64", "EXTRACT(HOUR FROM {})", "TIMESTAMP"), ("INT64", "CAST({} AS INT64)", "STRING"), ("INT64", "- {}", "INT64"),
    ("INT64", "SUM({})", "INT64"), ("INT64", "COUNT({})", "STRING"), ("INT64", "COUNT(DISTINCT {})", "DATE"),
    ("INT64", "COUNTIF({})", "BOOL"), ("INT64", "MAX({})", "INT64"), ("INT64", "IF({}, {}, {})", "BOOL", "INT64", "INT64"),
    ("INT64", "COALESCE({}, {})", "INT64", "INT64"), ("INT64", "(SELECT MAX(u.a) FROM ds.u AS u WHERE u.a = {})", "INT64"),
    ("INT64", "ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {})", "STRING", "DATE"), ("INT64", "UNIX_SECONDS({})", "TIMESTAMP"),
    ("STRING", "CONCAT({}, {})", "STRING", "STRING"), ("STRING", "UPPER({})", "STRING"), ("STRING", "CAST({} AS STRING)", "DATE"),
    ("STRING", "TO_JSON_STRING({})", "STRUCT"), ("STRING", "JSON_VALUE({}, '$.a')", "JSON"), ("STRING", "MIN({})", "STRING"),
    ("STRING", "CASE WHEN {} THEN {} ELSE {} END", "BOOL", "STRING", "STRING"), ("STRING", "FORMAT_DATE('%F', {})", "DATE"),
    ("STRING", "STRING_AGG({}, ',')", "STRING"), ("STRING", "SUBSTR({}, {})", "STRING", "INT64"), ("STRING", "({} || {})", "STRING", "STRING"),
    ("STRING", "TO_HEX({})", "BYTES"), ("STRING", "NULLIF({}, {})", "STRING", "STRING"),
    ("BOOL", "({} = {})", "INT64", "INT64"), ("BOOL", "({} < {})", "DATE", "DATE"), ("BOOL", "({} AND {})", "BOOL", "BOOL"),
    ("BOOL", "NOT {}", "BOOL"), ("BOOL", "({} IS NULL)", "STRUCT"), ("BOOL", "({} IN ({}, {}))", "STRING", "STRING", "STRING"),
    ("BOOL", "STARTS_WITH({}, {})", "STRING", "STRING"), ("BOOL", "({} IN UNNEST({}))", "INT64", "ARRAY"),
    ("BOOL", "({} BETWEEN {} AND {})", "DATE", "DATE", "DATE"), ("BOOL", "({} LIKE {})", "STRING", "STRING"),
    ("BOOL", "EXISTS (SELECT 1 FROM ds.u AS u WHERE u.e = {})", "DATE"), ("BOOL", "LOGICAL_OR({})", "BOOL"),
    ("BOOL", "({} != {})", "TIMESTAMP", "TIMESTAMP"), ("BOOL", "({} IS NOT DISTINCT FROM {})", "DATE", "DATE"),
    ("DATE", "DATE_ADD({}, INTERVAL {} DAY)", "DATE", "INT64"), ("DATE", "DATE({})", "TIMESTAMP"), ("DATE", "DATE_TRUNC({}, MONTH)", "DATE"),
    ("DATE", "MAX({})", "DATE"), ("DATE", "PARSE_DATE('%F', {})", "STRING"), ("DATE", "SAFE_CAST({} AS DATE)", "STRING"),
    ("DATE", "LAST_DAY({})", "DATE"), ("DATE", "({} + {})", "DATE", "INT64"), ("DATE", "GREATEST({}, {})", "DATE", "DATE"),
    ("TIMESTAMP", "TIMESTAMP({})", "DATE"), ("TIMESTAMP", "TIMESTAMP_SUB({}, INTERVAL {} MINUTE)", "TIMESTAMP", "INT64"),
    ("TIMESTAMP", "({} + {})", "TIMESTAMP", "INTERVAL"), ("TIMESTAMP", "MIN({})", "TIMESTAMP"), ("TIMESTAMP", "TIMESTAMP_TRUNC({}, HOUR)", "TIMESTAMP"),
    ("DATETIME", "DATETIME({})", "TIMESTAMP"), ("DATETIME", "DATETIME({}, {})", "DATE", "TIME"),
    ("FLOAT64", "SAFE_DIVIDE({}, {})", "INT64", "FLOAT64"), ("FLOAT64", "AVG({})", "INT64"), ("FLOAT64", "ROUND({}, 1)", "FLOAT64"),
    ("FLOAT64", "({} * {})", "FLOAT64", "INT64"), ("NUMERIC", "({} - {})", "NUMERIC", "INT64"), ("NUMERIC", "SUM({})", "NUMERIC"),
    ("JSON", "TO_JSON({})", "STRUCT"), ("JSON", "PARSE_JSON({})", "STRING"), ("JSON", "JSON_QUERY({}, '$.a')", "JSON"),
    ("ARRAY", "ARRAY_AGG({} IGNORE NULLS ORDER BY {})", "INT64", "INT64"), ("ARRAY", "ARRAY_CONCAT({}, {})", "ARRAY", "ARRAY"),
    ("ARRAY", "[{}, {}]", "INT64", "INT64"), ("ARRAY", "ARRAY(SELECT e FROM UNNEST({}) AS e WHERE e > {})", "ARRAY", "INT64"),
    ("STRUCT", "STRUCT({} AS x, {} AS y)", "INT64", "STRING"), ("BYTES", "SHA256({})", "STRING"), ("TIME", "TIME({})", "TIMESTAMP"),
    ("INTERVAL", "({} - {})", "TIMESTAMP", "TIMESTAMP"),
]  # fmt: skip
"""What it gives, its text, what it takes."""
SHAPES = [
    "SELECT {} AS x FROM ds.t", "SELECT b, {} AS x FROM ds.t GROUP BY b", "SELECT a FROM ds.t ORDER BY {}",
    "SELECT b, COUNT(*) AS n FROM ds.t GROUP BY b ORDER BY {}", "SELECT {} AS x FROM ds.t GROUP BY ALL",
    "SELECT DISTINCT {} AS x FROM ds.t", "WITH w AS (SELECT {} AS x FROM ds.t) SELECT x FROM w",
    "SELECT x FROM (SELECT {} AS x FROM ds.t) UNION ALL SELECT NULL",
]  # fmt: skip
BOOLEAN = [
    "SELECT a FROM ds.t WHERE {}", "SELECT a FROM ds.t GROUP BY a HAVING {}", "DELETE FROM ds.t WHERE {}",
    "SELECT t.a FROM ds.t AS t JOIN ds.u AS v ON {}", "UPDATE ds.u SET c = 'x' FROM ds.t AS t WHERE u.a = t.a AND {}",
    "MERGE ds.u AS u USING ds.t AS t ON u.a = t.a WHEN MATCHED AND {} THEN DELETE",
]  # fmt: skip
ASSIGNED = {
    "INT64": ["INSERT INTO ds.u (a) SELECT {} FROM ds.t", "UPDATE ds.t SET a = {} WHERE TRUE"],
    "STRING": ["UPDATE ds.t SET b = {} WHERE TRUE", "INSERT INTO ds.u (c, a) SELECT {}, 1 FROM ds.t"],
    "DATE": ["UPDATE ds.t SET s.z.w = {} WHERE TRUE", "INSERT INTO ds.u (e) SELECT {} FROM ds.t"],
    "ARRAY": ["UPDATE ds.t SET n = {} WHERE TRUE"],
    "TIMESTAMP": ["MERGE ds.t AS x USING ds.t AS t ON x.a = t.a WHEN MATCHED THEN UPDATE SET ts = {}"],
}


@st.composite
def expression(draw: st.DrawFn, wanted: str, depth: int) -> str:
    """One expression of the type, or now and then of another."""
    if draw(st.integers(0, 24)) == 0:
        wanted = draw(st.sampled_from(sorted(LEAVES)))
    calls = [each for each in CALLS if each[0] == wanted]
    if depth == 0 or not calls or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(LEAVES[wanted]))
    _, text, *takes = draw(st.sampled_from(calls))
    return text.format(*(draw(expression(each, depth - 1)) for each in takes))


@st.composite
def statement(draw: st.DrawFn) -> str:
    """One statement with an expression at one of the places where one may stand."""
    kind = draw(st.sampled_from(sorted(LEAVES)))
    places = [(kind, each) for each in SHAPES] + [("BOOL", each) for each in BOOLEAN]
    places += [(kind, each) for kind, texts in ASSIGNED.items() for each in texts]
    wanted, text = draw(st.sampled_from(places))
    return text.format(draw(expression(wanted, draw(st.integers(1, 3)))))
