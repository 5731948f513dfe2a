"""How each value of the declaration is told when it changes: a place, its rank, and a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ops.change.model import Rank

UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class ValueChange:
    """What a phrase is made of: the named parts of the path, and the value before and after (None: not set)."""

    of: Mapping[str, str]
    was: object
    now: object

    def number(self, value: object) -> float:
        """Return a value as a number; nothing is 0."""
        return float(value) if isinstance(value, int | float) else 0.0


def shown(value: object) -> str:
    """Return a value as a sentence shows it."""
    return "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def seconds(value: object) -> str:
    """Return a duration as people say it: `90 minutes`, `1 day`."""
    if not isinstance(value, int | float):
        return shown(value)
    for size, unit in UNITS:
        if value >= size and value % size == 0:
            number = int(value // size)
            return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    return f"{value:g} seconds"


Phrase = Callable[[ValueChange], str]


def _plain(text: str) -> Phrase:
    """Return a phrase from a template of the path's parts, '{was}' and '{now}'."""
    return lambda told: text.format(**told.of, was=shown(told.was), now=shown(told.now))


def _timed(text: str) -> Phrase:
    return lambda told: text.format(**told.of, was=seconds(told.was), now=seconds(told.now))


def _either(new: str, gone: str, changed: str = "") -> Phrase:
    """Return a phrase that tells what comes, what goes, and what is another value."""

    def phrase(told: ValueChange) -> str:
        text = new if told.was is None else gone if told.now is None else changed or new
        return text.format(**told.of, was=shown(told.was), now=shown(told.now))

    return phrase


def _later(told: ValueChange) -> str:
    """Tell by how much later or earlier a step may start by a rule."""
    difference = told.number(told.now) - told.number(told.was)
    direction = "later" if difference > 0 else "earlier"
    of = f"by the rule '{told.of['reason']}' of '{told.of['boundary']}' ({told.of['mode']})"
    return f"The next step may start {seconds(abs(difference))} {direction} {of}: {seconds(told.now)} after the first completion instead of {seconds(told.was)}."


def _gate(verb: str) -> Phrase:
    def phrase(told: ValueChange) -> str:
        gate = f"The gate '{told.of['gate']}' of '{told.of['boundary']}'"
        if told.now is None:
            return f"{gate} no longer {verb} below {shown(told.was)}."
        if told.was is None:
            return f"{gate} now {verb} below {shown(told.now)}."
        return f"{gate} {verb} below {shown(told.now)} instead of {shown(told.was)}."

    return phrase


_BOUNDARY = r"boundaries\.(?P<boundary>[^.]+)"
_MODE = _BOUNDARY + r"\.modes\.(?P<mode>[^.]+)"
_RULE = _MODE + r"\.rules\[(?P<reason>[^\]]*)\]"
_GATE = _BOUNDARY + r"\.gates\.(?P<gate>[^.]+)"
_FUNCTION = r"functions\.(?P<function>[^.]+)"
_PHASE = r"phases\.(?P<phase>[^.]+)"

PHRASES: Final[tuple[tuple[str, Rank, Phrase], ...]] = (
    (_GATE + r"\.block_below", "start", _gate("blocks")),
    (_GATE + r"\.alert_below", "alert", _gate("reports")),
    (_GATE + r"\.modes\[(?P<mode>[^\]]*)\]", "start", _either("The gate '{gate}' of '{boundary}' is asked in the mode '{mode}' now.", "The gate '{gate}' of '{boundary}' is no longer asked for the mode '{mode}' alone: for every mode where it names none, else not in this one.")),
    (_GATE + r"\.title", "rest", _plain("The gate '{gate}' of '{boundary}' is called '{now}' instead of '{was}'.")),
    (_GATE + r"\.(?P<key>.+)", "start", _either("The gate '{gate}' of '{boundary}' has {key} {now}.", "The gate '{gate}' of '{boundary}' loses {key} {was}.", "The gate '{gate}' of '{boundary}' has {key} {now} instead of {was}.")),
    (_RULE + r"\.after", "start", _later),
    (_RULE + r"\.place", "start", _either("The rule '{reason}' of '{boundary}' ({mode}) is new, at place {now}.", "The rule '{reason}' of '{boundary}' ({mode}) is removed: it starts nothing any more.", "The rule '{reason}' of '{boundary}' ({mode}) is asked at place {now} instead of {was}.")),
    (_RULE + r"\.reason", "rest", _either("The rule '{reason}' of '{boundary}' ({mode}) reports '{now}'.", "Nothing reports '{was}' for '{boundary}' ({mode}) any more.")),
    (_RULE + r"\.(?P<key>.+)", "start", _plain("The rule '{reason}' of '{boundary}' ({mode}) has {key} {now} instead of {was}.")),
    (_MODE + r"\.(?P<key>.+)", "start", _plain("The mode '{mode}' of '{boundary}' has {key} {now} instead of {was}.")),
    (_BOUNDARY + r"\.trigger\.fields\.(?P<field>[^.]+)\.value", "start", _either("The trigger of '{boundary}' says {now} as '{field}', whatever happened.", "The trigger of '{boundary}' no longer says {was} as '{field}'.", "The trigger of '{boundary}' says {now} as '{field}' instead of {was}.")),
    (_BOUNDARY + r"\.trigger\.fields\.(?P<field>[^.]+)\.from", "start", _either("The trigger of '{boundary}' takes '{field}' from {now}.", "The trigger of '{boundary}' no longer takes '{field}' from {was}.", "The trigger of '{boundary}' takes '{field}' from {now} instead of {was}.")),
    (_BOUNDARY + r"\.trigger\.fields\.(?P<field>[^.]+)\.(?P<key>.+)", "start", _plain("The field '{field}' in the trigger of '{boundary}' has {key} {now} instead of {was}.")),
    (_BOUNDARY + r"\.trigger\.(?P<key>.+)", "start", _plain("The trigger of '{boundary}' has {key} {now} instead of {was}.")),
    (_BOUNDARY + r"\.deadline", "alert", _timed("'{boundary}' is reported as late after {now} instead of {was}.")),
    (_BOUNDARY + r"\.expected_within", "alert", _timed("'{boundary}' is expected within {now} of the last completion instead of {was}.")),
    (_BOUNDARY + r"\.timer\.(?P<key>.+)", "start", _plain("'{boundary}' is evaluated by the {key} '{now}' instead of '{was}' when no message arrives.")),
    (_BOUNDARY + r"\.entities\.(?P<entity>[^.\[]+)\[(?P<processor>[^\]]*)\]", "start", _either("Changed ids of '{processor}' are merged into {entity} of '{boundary}' now.", "Changed ids of '{processor}' are no longer merged into {entity} of '{boundary}'.")),
    (_BOUNDARY + r"\.(?P<key>.+)", "start", _plain("'{boundary}' has {key} {now} instead of {was}.")),
    (_PHASE + r"\.processors\.(?P<processor>[^.]+)\.aliases\[(?P<alias>[^\]]*)\]", "start", _either("'{alias}' is recognised as '{processor}' of '{phase}' now.", "'{processor}' of '{phase}' is no longer recognised under its old name '{alias}'.")),
    (_PHASE + r"\.processors\.(?P<processor>[^.]+)\.output\.(?P<key>.+)", "data", _either("The {key} of '{processor}' of '{phase}' is {now}.", "'{processor}' of '{phase}' has no output {key} any more; it was {was}.", "The {key} of '{processor}' of '{phase}' is {now} instead of {was}.")),
    (_PHASE + r"\.title", "rest", _plain("'{phase}' is called '{now}' instead of '{was}'.")),
    (_PHASE + r"\.(?P<key>.+)", "start", _plain("'{phase}' has {key} {now} instead of {was}.")),
    (r"topics\.(?P<topic>[^.]+)\.publishers\[(?P<who>[^\]]*)\]", "start", _either("'{who}' publishes to '{topic}' now.", "'{who}' is no longer a publisher of '{topic}'.")),
    (r"topics\.(?P<topic>[^.]+)\.consumers\[(?P<who>[^\]]*)\]\.service", "start", _either("'{who}' receives '{topic}' now.", "'{who}' no longer receives '{topic}', so it is not started by it.")),
    (r"topics\.(?P<topic>[^.]+)\.consumers\[(?P<who>[^\]]*)\]\.(?P<key>.+)", "start", _plain("'{who}' receives '{topic}' with {key} {now} instead of {was}.")),
    (r"topics\.(?P<topic>[^.]+)\.(?P<key>.+)", "start", _plain("The topic '{topic}' has {key} {now} instead of {was}.")),
    (_FUNCTION + r"\.trigger\.schedules\.(?P<schedule>[^.]+)\.cron", "start", _either("'{function}' is called by the schedule '{schedule}' at '{now}' now.", "'{function}' is no longer called by the schedule '{schedule}' ('{was}').", "'{function}' is called by '{schedule}' at '{now}' instead of '{was}'.")),
    (_FUNCTION + r"\.trigger\.schedules\.(?P<schedule>[^.]+)\.paused", "start", _either("The schedule '{schedule}' of '{function}' has paused {now}.", "The schedule '{schedule}' of '{function}' is gone.", "The schedule '{schedule}' of '{function}' has paused {now} instead of {was}.")),
    (_FUNCTION + r"\.trigger\.topic", "start", _plain("'{function}' is called by {now} instead of {was}.")),
    (_FUNCTION + r"\.publishes\[(?P<topic>[^\]]*)\]", "permission", _either("'{function}' may publish to '{topic}' now.", "'{function}' may no longer publish to '{topic}'.")),
    (_FUNCTION + r"\.secrets\[(?P<secret>[^\]]*)\]", "permission", _either("'{function}' reads the secret '{secret}' now.", "'{function}' no longer reads the secret '{secret}'.")),
    (_FUNCTION + r"\.timeout", "start", _timed("'{function}' is ended after {now} instead of {was}.")),
    (_FUNCTION + r"\.settings\.(?P<key>.+)", "start", _plain("'{function}' is set to {key} {now} instead of {was}.")),
    (_FUNCTION + r"\.title", "rest", _plain("'{function}' is called '{now}' instead of '{was}'.")),
    (_FUNCTION + r"\.(?P<key>.+)", "start", _plain("'{function}' has {key} {now} instead of {was}.")),
    (r"alerts\.thresholds\.(?P<key>error_ratio_percent|latency_percent_of_timeout)", "alert", _plain("Alerts fire at {key} {now} instead of {was}.")),
    (r"alerts\.thresholds\.(?P<key>.+)", "alert", _timed("Alerts have {key} {now} instead of {was}.")),
    (r"alerts\.channels\[(?P<channel>[^\]]*)\]", "alert", _either("Alerts go to '{channel}' too.", "Alerts no longer go to '{channel}'.")),
    (r"store\.lease", "start", _timed("A taken trigger keeps others away for {now} instead of {was}.")),
    (r"store\.(?P<key>.+)", "data", _plain("The store has {key} {now} instead of {was}.")),
    (r"tables\.(?P<part>.+)", "data", _plain("The part {part} is played by the table {now} instead of {was}.")),
    (r"streams\.(?P<stream>[^.]+)\.(?P<key>.+)", "data", _plain("The stream '{stream}' has {key} {now} instead of {was}.")),
    (r"secrets\.(?P<secret>[^.]+)\.(?P<key>.+)", "permission", _plain("The secret '{secret}' has {key} {now} instead of {was}.")),
    (r"key", "start", _plain("A completion is for a {now} instead of a {was}; what is recorded under the old keys is not found.")),
    (r"time_zone", "start", _plain("Every date, rule and schedule is in the time zone {now} instead of {was}.")),
    (r"retired\.(?P<name>.+)", "data", _either("'{name}' is retired: {now}", "'{name}' is no longer declared as retired.")),
    (r"labels\.(?P<label>.+)", "rest", _plain("The label {label} is {now} instead of {was}.")),
    (r"title", "rest", _plain("The pipeline is called '{now}' instead of '{was}'.")),
    (r"services\.(?P<service>[^.]+)\.title", "rest", _plain("The service '{service}' is called '{now}' instead of '{was}'.")),
    (r"services\.(?P<service>[^.]+)\.(?P<key>.+)", "start", _plain("The service '{service}' has {key} {now} instead of {was}.")),
)  # fmt: skip
"""Place in the declaration, how much is at stake, and the sentence; the first that fits is told."""
