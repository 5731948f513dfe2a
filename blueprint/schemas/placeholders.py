"""The values that views take from the declaration: what `pipeline.yaml` says is not said again in SQL.

    ${expected_processors}  rows of (phase, processor_name, critical): what phases expect of a past date
    ${boundaries}           rows of (boundary, upstream, downstream, expected_within_minutes,
    deadline_minutes);
                            `downstream` is NULL where the next phase publishes no completions
    ${time_zone}            the pipeline's time zone, as a string literal
    ${gap_warning_minutes}, ${gap_critical_minutes}, ${downstream_start_minutes}
                            the thresholds of the alerts of the same names, as whole numbers

A table value is an expression to stand after FROM; numbers and strings stand wherever a literal may.
"""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.boundaries import Mode
from blueprint.manifest import Manifest


def view_values(manifest: Manifest) -> dict[str, str]:
    """Every placeholder and the SQL that takes its place."""
    thresholds = manifest.alerts.thresholds
    return {
        "expected_processors": _rows("phase STRING, processor_name STRING, critical BOOL", _expected(manifest)),
        "boundaries": _rows(
            "boundary STRING, upstream STRING, downstream STRING, expected_within_minutes INT64, deadline_minutes INT64",
            _boundaries(manifest),
        ),
        "time_zone": _literal(manifest.time_zone),
        "gap_warning_minutes": str(thresholds.gap_warning // 60),
        "gap_critical_minutes": str(thresholds.gap_critical // 60),
        "downstream_start_minutes": str(thresholds.downstream_start // 60),
    }


def _expected(manifest: Manifest) -> Iterable[tuple[object, ...]]:
    """What the mode for past dates expects; a phase without expectations (a batch) is one row without a name."""
    upstreams = {boundary.upstream: boundary for boundary in manifest.boundaries.values()}
    for phase in manifest.phases.values():
        boundary = upstreams.get(phase.name)
        mode = _past(boundary.modes.values()) if boundary else None
        names = mode.expected if mode and mode.expected else tuple(phase.processors)
        critical = mode.critical if mode else ()
        for name in names:
            yield phase.name, name, name in critical


def _past(modes: Iterable[Mode]) -> Mode | None:
    listed = list(modes)
    past = [mode for mode in listed if mode.when in ("always", "before_today")]
    return next(iter((*past, *listed)), None)


def _boundaries(manifest: Manifest) -> Iterable[tuple[object, ...]]:
    for each in manifest.boundaries.values():
        within = each.expected_within // 60 if each.expected_within is not None else None
        yield each.name, each.upstream, each.downstream, within, each.deadline // 60


def _rows(fields: str, rows: Iterable[tuple[object, ...]]) -> str:
    listed = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows)
    return f"UNNEST(ARRAY<STRUCT<{fields}>>[{listed}])"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{text}'"
