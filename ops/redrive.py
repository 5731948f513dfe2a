"""Redrive a dead letter: look at what waits, and publish what was merely undelivered to its topic again.

A message that a function kept because it is unusable (poison) carries a `reason` and stays, unless that reason is named.
Nothing is done without `--yes`; nothing is removed before its new publication is acknowledged, so an interruption
costs at most a repeat, which the engine counts once.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from blueprint.findings import Finding, Refused
from ops.arguments import add_format_argument, add_project_arguments, declared
from ops.exitcodes import DIFFERENCE, REFUSED, SOUND
from ops.findings import FindingsReport, write
from ops.operate.cloud import DataPlane, DataPlaneError, Waiting
from ops.operate.target import Target, load_target
from ops.terminal import Style, clip, columns, count, style_for

UNDELIVERED = "undelivered"
COUNT = "redrive_count"
MOST = 3
"""Times one message is redriven before it needs a person's `--force`: what fails thrice will fail again."""
_PLATFORM = "CloudPubSubDeadLetter"
_KEPT = frozenset({"reason", "function", "detail", "boundary", "severity", "message_id", "publish_time", "part"})
"""What a function adds to the poison it keeps."""
_SECRET = re.compile(
    r"""(?ix)(https://hooks\.[^\s"']+|bearer\s+[\w.~+/-]+|\beyJ[\w-]{10,}\.[\w.-]+
    |"[^"]*(?:password|secret|token|api_?key)[^"]*"\s*:\s*"[^"]*")"""
)
Json = dict[str, Any]


@dataclass
class Group:
    """Messages that wait for the same reason; `moves` says whether they would be published again."""

    reason: str
    moves: bool
    messages: list[Waiting] = field(default_factory=list)
    redriven: int = 0

    @property
    def oldest(self) -> datetime:
        """Return when the first of them was published."""
        return min(each.published for each in self.messages)

    def as_json(self) -> Json:
        """Return it as `--json` prints it; samples have secrets masked."""
        return {
            "reason": self.reason,
            "moves": self.moves,
            "count": len(self.messages),
            "redriven": self.redriven,
            "oldest": self.oldest.astimezone(UTC).isoformat(),
            "samples": [masked(each.data) for each in self.messages[:3]],
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    subscription: Any = parser.add_argument(
        "subscription", metavar="SUBSCRIPTION", help="a subscription, its dead letter's hold, or a function"
    )
    subscription.completer = declared("functions")
    parser.add_argument("--yes", action="store_true", help="publish again; without, only show what waits")
    parser.add_argument(
        "--reason", action="append", default=[], metavar="REASON", help="also publish poison of this reason"
    )
    parser.add_argument("--force", action="store_true", help=f"also what was redriven {MOST} times")
    parser.add_argument(
        "--limit", type=int, default=10_000, metavar="N", help="look at this many at most (default: 10000)"
    )
    add_format_argument(parser)
    add_project_arguments(parser, "whose project is meant")


def run(args: argparse.Namespace) -> int:
    """Show or do it: 0 nothing waits or all was redriven, 1 refused or failed, 3 something would be redriven or stays."""
    target = load_target(args.root, args.stack)
    topic, hold = _hold(target, args.subscription)
    cloud = DataPlane(target.stack.project, target.stack.region, target.manifest.store.database)
    groups: list[Group] = []
    failure = ""
    try:
        waiting = sorted(cloud.waiting(hold, args.limit), key=lambda each: each.published)
        groups = _grouped(waiting, args)
        if args.yes:
            for group in groups:
                _redrive(cloud, topic, hold, group)
    except DataPlaneError as error:
        failure = str(error)
    finally:
        failure = _released(cloud) or failure
    shown = {"hold": hold, "topic": topic, "applied": args.yes, "failure": failure}
    content = {**shown, "groups": [each.as_json() for each in groups]}
    lines = _render(hold, topic, groups, failure, applied=args.yes, style=style_for())
    write(
        args.format,
        FindingsReport("redrive", args.root, list(_findings(target, hold, groups, failure))),
        content,
        lines,
    )
    if failure:
        return REFUSED
    return SOUND if sum(len(each.messages) - each.redriven for each in groups) == 0 else DIFFERENCE


def masked(data: bytes) -> str:
    """Return the start of a message's text with what looks like a secret masked."""
    text = data[:2000].decode("utf-8", "backslashreplace")
    printable = "".join(char if char.isprintable() else "·" for char in _SECRET.sub("[masked]", text))
    return printable[:400]


def _hold(target: Target, name: str) -> tuple[str, str]:
    """Return the source topic and the hold meant by `name`; raises `Refused` where nothing is meant."""
    found: dict[str, tuple[str, str]] = {}
    for consumer, topic, hold in target.holds():
        subscription = hold.removesuffix("--dead-letter-hold")
        for alias in {subscription, hold, *(() if consumer.startswith("stream ") else (consumer,))}:
            found[alias] = (topic, hold)
    if name not in found:
        known = ", ".join(sorted({hold.removesuffix("--dead-letter-hold") for _, _, hold in target.holds()}))
        message = f"No subscription with a dead letter is called '{name}'; there are: {known}."
        raise Refused([Finding("subscription", message, target.manifest.at)])
    return found[name]


def _grouped(waiting: list[Waiting], args: argparse.Namespace) -> list[Group]:
    groups: dict[str, Group] = {}
    for each in waiting:
        kept = "function" in each.attributes  # only a function keeps poison; a publisher may use any attribute
        reason = each.attributes.get("reason", UNDELIVERED) if kept else UNDELIVERED
        exhausted = _times(each) >= MOST and not args.force
        moves = (reason == UNDELIVERED or reason in args.reason) and not exhausted
        label = f"{reason}, redriven {MOST} times" if exhausted else reason
        groups.setdefault(label, Group(label, moves)).messages.append(each)
    return sorted(groups.values(), key=lambda group: group.oldest)


def _times(message: Waiting) -> int:
    text = message.attributes.get(COUNT, "0")
    return int(text) if text.isdigit() and len(text) < 6 else MOST


def _redrive(cloud: DataPlane, topic: str, hold: str, group: Group) -> None:
    for each in group.messages if group.moves else ():
        added = _KEPT if "function" in each.attributes else frozenset()
        attributes = {
            key: value for key, value in each.attributes.items() if not key.startswith(_PLATFORM) and key not in added
        }
        cloud.publish(topic, each.data, attributes | {COUNT: str(_times(each) + 1)})
        cloud.acknowledge(hold, [each.ack_id])
        group.redriven += 1


def _released(cloud: DataPlane) -> str:
    try:
        cloud.release()
    except DataPlaneError as error:
        return f"{error} What was looked at comes back by itself within a minute."
    return ""


def _findings(target: Target, hold: str, groups: list[Group], failure: str) -> Iterator[Finding]:
    """Yield in the form that all commands share what failed and what still waits."""
    if failure:
        yield Finding("redrive-failed", f"{hold}: {failure.rstrip('.')}.", target.manifest.at)
    for each in groups:
        left = len(each.messages) - each.redriven
        if left:
            fate = "would be redriven" if each.moves else "stays"
            message = (
                f"{hold}: {count(left, 'message')} ({each.reason}) since {each.oldest:%Y-%m-%d %H:%M} UTC, {fate}."
            )
            yield Finding("dead-letter", message, target.manifest.at, "warning")


def _render(hold: str, topic: str, groups: list[Group], failure: str, *, applied: bool, style: Style) -> Iterator[str]:
    total = sum(len(each.messages) for each in groups)
    yield style.heading(f"{count(total, 'message')} in {hold}", f"from {topic}")
    yield ""
    verb = "redriven" if applied else "would be redriven"
    rows = [
        (
            each.reason,
            str(len(each.messages)),
            f"{each.oldest:%Y-%m-%d %H:%M}",
            f"{each.redriven} {verb}" if applied and each.moves else verb if each.moves else "stays",
        )
        for each in groups
    ]
    if rows:
        yield from (f"  {line}" for line in columns([("Reason", "Messages", "Oldest (UTC)", ""), *rows], right=(1,)))
        yield ""
    for each in groups:
        for sample in each.messages[:2]:
            yield clip(f"  {each.reason}: {masked(sample.data)}", style.width, head=0.9)
    if failure:
        yield f"{style.cross} {failure}"
    elif not groups:
        yield f"{style.tick} Nothing waits."
    elif not applied and any(each.moves for each in groups):
        yield ""
        yield "Nothing was published or removed. Run the same command with --yes to do it."
    poison = [each.reason for each in groups if not each.moves]
    if poison:
        yield f"What stays is unusable as it is; after a repair of its reader name its reason: --reason {poison[0].split(',')[0]}"
