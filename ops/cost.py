"""What the layer costs in a month of 30 days, from its plan: quantities that are declared or assumed, times list prices.

Prices are a dated file of data (`ops/prices.yaml`, or your own with --prices); what has no price there is *not known*, so the
sum is a lower bound. How much work there is no plan knows: it is assumed, and each assumption is printed. Free tiers belong
to a billing account, not to a project, and are not taken off. Your services and their data are not part of the layer.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from cronsim import CronSim

from analysis.files import Unreadable, read_input
from blueprint.findings import Finding, Location, Refused
from blueprint.functions import Function
from blueprint.loader import load_manifest
from blueprint.manifest import Manifest
from ops import exitcodes
from ops.arguments import add_json_argument, add_project_arguments
from ops.findings import FindingsReport, write
from ops.progress import stage
from ops.report.gather import Plan, gather
from ops.terminal import columns

PRICES: Final = Path(__file__).with_name("prices.yaml")
DAYS: Final = 30
LEAST_BYTES: Final = 1000
"""What Pub/Sub counts for a request at least."""
UNKNOWN: Final = (
    ("alerting", "the list has no price of a condition"),
    ("Firestore operations and storage", "prices differ by location"),
    ("BigQuery rows, storage and queries", "they depend on your data"),
    ("logs, archives and builds", "nobody can tell their bytes from a plan"),
)


@dataclass(frozen=True)
class Price:
    """A list price of one unit; in `regions` only, or everywhere where there are none; `checked` against its page or not."""

    price: float
    unit: str
    source: str
    regions: tuple[str, ...] = ()
    checked: bool = True


@dataclass(frozen=True)
class CostLine:
    """One thing that costs: how much of it a month, and its price, None where that is not known for the reason `why`."""

    what: str
    quantity: float
    unit: str
    price: Price | None
    why: str = ""

    @property
    def dollars(self) -> float | None:
        """Return what it costs a month, None where nobody knows."""
        return None if self.price is None else self.quantity * self.price.price

    def as_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        known = {"price": self.price and self.price.price, "source": self.price and self.price.source}
        return {**vars(self), **known, "month": self.dollars}


def _quantity(text: str) -> float:
    """Return what an option says; raises argparse.ArgumentTypeError with a sentence where that is no quantity."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of zero or more")
    return number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project_arguments(parser, "to estimate")
    parser.add_argument(
        "--completions", type=_quantity, default=200, metavar="N", help="completions a day on each topic (default: 200)"
    )
    parser.add_argument(
        "--seconds", type=_quantity, default=1, metavar="S", help="seconds that a call takes (default: 1)"
    )
    parser.add_argument("--prices", type=Path, default=PRICES, metavar="FILE", help="another list of prices")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print each line, what is assumed, and the sum of what is known."""
    seen, prices = read_prices(args.prices)
    with stage("Evaluating the program"):
        plan = gather(args.root, args.stack)
    if plan.violations:
        raise Refused(plan.violations)
    manifest = load_manifest(args.root)
    lines = list(cost(manifest, plan, prices, args.completions, args.seconds))
    known = sum(each.dollars or 0 for each in lines)
    told = [
        f"Prices: US dollars, read on {seen} in copies of the pages that --json names; a month has {DAYS} days; free tiers are not taken off.",
        *_unchecked(lines),
        f"Assumed: {args.completions:g} completions a day on each of {len(manifest.phases)} topics, {args.seconds:g} s a call, messages of at most {LEAST_BYTES} bytes.",
    ]
    content = {
        "seen": str(seen),
        "assumed": told,
        "lines": [each.as_json() for each in lines],
        "known": round(known, 2),
    }
    write(
        args.format,
        FindingsReport("cost", args.root, []),
        content,
        [*_table(lines), "", f"At least {known:.2f} dollars a month.", *told],
    )
    return exitcodes.SOUND


def _unchecked(lines: Sequence[CostLine]) -> Iterator[str]:
    """Yield what is to be said of the prices that nobody could compare with their pages."""
    names = [each.what for each in lines if each.price is not None and not each.price.checked]
    if names:
        yield f"Not checked against its page: the price of {', '.join(names)}."


def read_prices(path: Path) -> tuple[date, Mapping[str, Price]]:
    """Return the day of a list of prices, and the prices; raises `Refused` where it cannot be read."""
    try:
        content = yaml.safe_load(read_input(path))
        prices = content["prices"].items()
        return content["seen"], {
            name: Price(**each | {"regions": tuple(each.get("regions", ()))}) for name, each in prices
        }
    except (Unreadable, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        told = f"The list of prices cannot be read: {str(error).splitlines()[0].rstrip('.')}. Take {PRICES.name} as its model."
        raise Refused([Finding("prices", told, Location(str(path)))]) from None


def cost(
    manifest: Manifest, plan: Plan, prices: Mapping[str, Price], completions: float, seconds: float
) -> Iterator[CostLine]:
    """Yield everything that costs, what has no price last."""
    kinds = Counter(each.type.rpartition(":")[2] for each in plan.resources if each.custom)
    region = next((str(each.inputs["location"]) for each in plan.resources if each.type.endswith(":Function")), "")

    def line(what: str, quantity: float, unit: str, name: str) -> CostLine:
        price = prices.get(name)
        if price is None:
            return CostLine(what, quantity, unit, None, f"the list has no `{name}`")
        if price.regions and region not in price.regions:
            return CostLine(what, quantity, unit, None, f"the list has no `{name}` for {region}")
        return CostLine(what, quantity, unit, price)

    calls = {name: _calls(each, completions) for name, each in manifest.functions.items()}
    yield line("scheduler jobs", kinds["Job"], "jobs", "scheduler-job")
    yield line("secrets, one version each", kinds["Secret"], "versions", "secret-version")
    yield line("calls of functions", sum(calls.values()) / 1e6, "million requests", "run-million-requests")
    sizes = [
        (calls[name] * seconds, _cpu(plan, name), _gibibytes(each.memory)) for name, each in manifest.functions.items()
    ]
    yield line("processors of functions", sum(time * cpu for time, cpu, _ in sizes), "vCPU-seconds", "run-vcpu-second")
    yield line("memory of functions", sum(time * size for time, _, size in sizes), "GiB-seconds", "run-gibibyte-second")
    moved = _messages(manifest, completions) * LEAST_BYTES / 2**40
    yield line("completions, published and delivered", moved, "TiB", "pubsub-tebibyte")
    warm = sum(each.min_instances for each in manifest.functions.values())
    if warm:
        yield CostLine(
            "instances kept warm", warm, "instances", None, "the price of an idle instance is not in the list"
        )
    yield CostLine(UNKNOWN[0][0], kinds["AlertPolicy"], "alerts", None, UNKNOWN[0][1])
    yield from (CostLine(what, 0, "", None, why) for what, why in UNKNOWN[1:])


def _calls(function: Function, completions: float) -> float:
    """Return how often a function is called in a month."""
    if function.trigger.topic is not None:
        return completions * DAYS
    return sum(_runs(schedule.cron) for schedule in function.trigger.schedules.values())


def _runs(cron: str) -> int:
    """Return how often a schedule comes in a month that begins on a first; daylight saving moves runs, not their number."""
    begin = datetime(2026, 6, 1, tzinfo=UTC) - timedelta(minutes=1)
    end, runs = begin + timedelta(days=DAYS), 0
    for moment in CronSim(cron, begin):
        if moment > end:
            break
        runs += 1
    return runs


def _cpu(plan: Plan, function: str) -> float:
    found = (
        each.inputs
        for each in plan.resources
        if each.type.endswith(":Function") and each.inputs.get("name") == function
    )
    service: Any = next(found)["serviceConfig"]
    return float(service.get("availableCpu") or 1)


def _gibibytes(memory: str) -> float:
    number, unit = float(memory[:-2]), memory[-2:]
    return number / 1024 if unit == "Mi" else number


def _messages(manifest: Manifest, completions: float) -> float:
    """Return how often a completion is published or delivered in a month."""
    topics = [phase.completion_topic for phase in manifest.phases.values()]
    return sum(completions * DAYS * (1 + len(manifest.consumers_of(topic))) for topic in topics)


def _table(lines: Sequence[CostLine]) -> list[str]:
    rows = [("what", "a month", "", "dollars")]
    for each in lines:
        quantity = f"{each.quantity:,.4g}" if each.unit else ""
        rows.append((each.what, quantity, each.unit, "not known" if each.dollars is None else f"{each.dollars:,.2f}"))
    notes = [f"Not known, {each.what}: {each.why}." for each in lines if each.dollars is None]
    return [*columns(rows, right=(1, 3)), "", *notes]
