"""List every alert that the declaration implies, or write them out to be tested.

`--prometheus` writes the metric alerts as a rule file that `promtool check rules` and `promtool test rules` take,
`--logs` the log alerts as JSON lines. Talks to nothing; what is listed is what `plan` declares.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from blueprint.alerts import Alert, PromQL, catalogue
from blueprint.loader import load_manifest
from blueprint.manifest import Manifest
from blueprint.names import Names
from ops import exitcodes
from ops.arguments import add_format_argument, add_project_arguments
from ops.findings import FindingsReport, write
from ops.terminal import Style, count, style_for

PICTURE = "docs/dashboard.svg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser, "whose names to use")
    add_format_argument(parser)
    parser.add_argument("--prometheus", type=Path, metavar="FILE", help="write the metric alerts as a rule file")
    parser.add_argument("--logs", type=Path, metavar="FILE", help="write the log filters as JSON lines")


def run(args: argparse.Namespace) -> int:
    """Print the catalogue, or write the files that were asked for; 2 where a file cannot be written."""
    manifest = load_manifest(args.root)
    alerts = catalogue(manifest, _names(args.root, args.stack, manifest))
    try:
        if args.prometheus is not None:
            _write_rules(args.prometheus, alerts)
        if args.logs is not None:
            _write_filters(args.logs, alerts)
    except OSError as error:
        print(f"{error.filename} cannot be written: {error.strerror}.", file=sys.stderr)
        return exitcodes.USAGE
    if args.format != "text" or (args.prometheus is None and args.logs is None):
        catalogued = [as_json(alert) for alert in alerts]
        write(args.format, FindingsReport("alerts", args.root, ()), catalogued, _lines(alerts, style_for()))
    return exitcodes.SOUND


def pages(root: Path) -> dict[str, str]:
    """Return the runbooks and the picture of the dashboard, by path."""
    from blueprint.alerts import dashboard, picture, runbooks

    manifest = load_manifest(root)
    names = Names(manifest.pipeline, "$PROJECT", "0", "$REGION")
    made = runbooks.pages(catalogue(manifest, names))
    made[PICTURE] = picture.draw(dashboard.dashboard(manifest, names))
    return made


def _names(root: Path, stack: str, manifest: Manifest) -> Names:
    from ops.embedded.project import load

    project = load(root, stack)
    given = {key: project.config.get(f"{project.name}:{key}", "") for key in ("projectId", "projectNumber", "region")}
    return Names(manifest.pipeline, given["projectId"], given["projectNumber"], given["region"])


def as_json(alert: Alert) -> dict[str, Any]:
    """Return an alert as the JSON that `--json` prints."""
    told = alert.condition
    text = (
        {"type": "promql", "query": told.query} if isinstance(told, PromQL) else {"type": "log", "filter": told.filter}
    )
    rest = {name: value for name, value in vars(told).items() if name != "condition"}
    shown = {name: value for name, value in vars(alert).items() if name != "values"}
    shown |= {"covers": asdict(alert.covers), "condition": text | rest, "documentation": asdict(alert.documentation)}
    return shown | {"at": str(alert.at)}


def _write_rules(path: Path, alerts: Sequence[Alert]) -> None:
    from blueprint.alerts import prometheus

    document = prometheus.rules(alerts)
    path.write_text(prometheus.text(document), encoding="utf-8")
    print(f"Wrote {count(len(document['groups'][0]['rules']), 'rule')} to {path}.", file=sys.stderr)


def _write_filters(path: Path, alerts: Sequence[Alert]) -> None:
    found = [
        {
            "name": alert.name,
            "filter": alert.condition.filter,
            "severity": alert.severity,
            "covers": str(alert.covers),
            "label_extractors": dict(alert.condition.label_extractors),
        }
        for alert in alerts
        if not isinstance(alert.condition, PromQL)
    ]
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in found), encoding="utf-8")
    print(f"Wrote {count(len(found), 'filter')} to {path}.", file=sys.stderr)


def _lines(alerts: Sequence[Alert], style: Style) -> Iterator[str]:
    looks = {"critical": ("red",), "error": ("yellow",), "warning": ("dim",)}
    covered = ""
    for alert in alerts:
        if str(alert.covers) != covered:
            covered = str(alert.covers)
            yield (("" if alert is alerts[0] else "\n") + style.heading(alert.covers.name, alert.covers.kind))
        incidents = ",".join(str(number) for number in alert.incidents)
        channels = ", ".join(alert.channels)
        severity = style.paint(f"{alert.severity:<9}", *looks[alert.severity])
        yield (f"  {severity}{alert.name}  {style.paint(f'→ {channels}  incidents {incidents}', 'dim')}")
        for line in _condition(alert):
            yield (f"           {style.paint(line, 'dim')}")
    sorts = Counter(alert.severity for alert in alerts)
    yield (f"\n{count(len(alerts), 'alert')}: " + ", ".join(f"{number} {name}" for name, number in sorts.most_common()))


def _condition(alert: Alert) -> list[str]:
    if isinstance(alert.condition, PromQL):
        held = f"  for {alert.condition.duration // 60}m" if alert.condition.duration else ""
        return [f"promql: {alert.condition.query}{held}"]
    return ["log: " + " AND ".join(alert.condition.filter.splitlines())]
