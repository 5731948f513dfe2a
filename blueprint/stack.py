"""The stack: values of one deployment that the declaration does not know, read from stack configuration.

`Pulumi.yaml` types and describes each key and `Pulumi.<stack>.yaml` sets it. The program hands the values over; this
module types them to their depth and checks that they fit the declaration, so that a second stack is one file and a
missing value one sentence. A value written with `secure:` is a value like another where it can be decrypted; where it
cannot (a plan without the stack's key), it is not known, and nothing is said of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint import regions, yamlsource
from blueprint.findings import Finding, Location

if TYPE_CHECKING:
    from blueprint.manifest import Manifest

PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""Google Cloud project ids: 6 to 30 lower-case letters, digits and dashes (Resource Manager)."""
CHANNEL = re.compile(r"projects/[a-z0-9-]+/notificationChannels/\d+")
URL = re.compile(r"https://[a-zA-Z0-9.-]+")
TEXTS = {
    "project": "projectId",
    "project_number": "projectNumber",
    "region": "region",
    "environment": "environment",
    "repository": "repository",
    "datasets_in": "datasetLocation",
    "database_in": "databaseLocation",
}
"""Field → key of the values that are one text."""
NAMING = ("projectId", "projectNumber", "region")
OBJECTS = {"service_urls": "serviceUrls", "channels": "notificationChannels"}
"""Field → key of the values that are a text by name."""
SECRET = "~secret:"
"""How the stand-in for a secret begins that this evaluation has no key for."""
_HIDDEN = re.compile(rf"{SECRET}|~PlannedValue\d")


def hidden(value: str) -> bool:
    """Return whether a text stands for a secret that is not known here."""
    return _HIDDEN.match(value) is not None


class _Hidden(Mapping[str, str]):
    """An object that is a secret as a whole: whatever is asked for may be in it."""

    def __init__(self, stand_in: str) -> None:
        self._stand_in = stand_in

    def __getitem__(self, name: str) -> str:
        return self._stand_in

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True)
class StackSettings:
    """Values of one stack; `service_urls` and `channels` map names to base URLs and notification channel ids.

    `datasets_in` and `database_in` are empty where data is in the region.
    `unfit` says for each key that is not of its type what it should be; `places` tells where each key is set.
    """

    name: str
    project: str
    project_number: str
    region: str
    environment: str
    service_urls: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    repository: str = ""
    """Address under which the repository's files are read; empty: alerts name their runbook by its path."""
    datasets_in: str = ""
    database_in: str = ""
    unfit: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict, compare=False, repr=False)

    @property
    def file(self) -> str:
        """Return the file that sets these values."""
        return f"Pulumi.{self.name}.yaml"

    @property
    def dataset_location(self) -> str:
        """Return where datasets are."""
        return self.datasets_in or self.region

    @property
    def database_location(self) -> str:
        """Return where the Firestore database is."""
        return self.database_in or self.region

    @property
    def named(self) -> bool:
        """Return whether the values that names and addresses are made of can be meant, so that these can be judged."""
        return (
            PROJECT.fullmatch(self.project) is not None
            and re.fullmatch(r"[0-9]+", self.project_number) is not None
            and self.region in regions.REGIONS
        )

    def where(self, key: str) -> Location:
        """Return where a key (`region`, `serviceUrls.name`) is set, or the nearest place to set it."""
        return self.places.get(key) or self.places.get(key.partition(".")[0]) or Location(self.file)

    def value_of(self, source: str) -> str:
        """Return the value that an environment variable declared `from: source` receives."""
        return {
            "project": self.project,
            "project_number": self.project_number,
            "region": self.region,
            "environment": self.environment,
        }[source]


def read_stack(name: str, config: Mapping[str, str | None]) -> StackSettings:
    """Return the values of the stack `name` from its configuration: key → text, as an engine hands it over."""
    unfit: dict[str, str] = {}
    texts = {part: str(config.get(key) or "") for part, key in TEXTS.items()}
    for key in NAMING:
        if hidden(config.get(key) or ""):
            unfit[key] = (
                f"`{key}` is a secret, and names that everybody sees are made of it; write it without `secure:`."
            )
    objects = {part: _texts(key, config.get(key), unfit) for part, key in OBJECTS.items()}
    return StackSettings(name=name, unfit=unfit, **texts, **objects)  # type: ignore[arg-type]  # by TEXTS and OBJECTS


def _texts(key: str, text: str | None, unfit: dict[str, str]) -> Mapping[str, str]:
    """Return the texts of an object by name; each that is none is told in `unfit`."""
    if text is None:
        return {}
    if hidden(text):
        return _Hidden(text)
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        unfit[key] = f"`{key}` must be a mapping of names to text; write one name and its value on each line below it."
        return {}
    for name, value in given.items():
        if not isinstance(value, str):
            shown = "nothing" if value is None else json.dumps(value)[:60]
            unfit[f"{key}.{name}"] = f"`{key}` gives '{name}' {shown}, which is no text; put the value in quotes."
    return {name: value for name, value in given.items() if isinstance(value, str)}


def placed(stack: StackSettings, root: Path) -> StackSettings:
    """Return the settings with the place of each key in the stack's file in `root`."""
    if not (root / stack.file).is_file():
        return stack
    tree, _ = yamlsource.load(root / stack.file, stack.file)
    config = tree.value.get("config") if tree is not None and isinstance(tree.value, Mapping) else None
    places: dict[str, Location] = {}
    for name, node in config.value.items() if config is not None and isinstance(config.value, Mapping) else ():
        key = name.rpartition(":")[2]
        places[key] = node.place
        for child, value in node.value.items() if isinstance(node.value, Mapping) else ():
            places[f"{key}.{child}"] = value.place
    return replace(stack, places=places)


def check_stack(stack: StackSettings, manifest: Manifest) -> list[Finding]:
    """Return what is wrong with the stack's values for this declaration; each value once."""
    wrong = dict(stack.unfit)
    for key, message in (*_texts_wrong(stack), *_channels_wrong(stack, manifest), *_urls_wrong(stack, manifest)):
        if key not in wrong and key.partition(".")[0] not in stack.unfit:
            wrong[key] = message
    return [Finding("stack", message, stack.where(key)) for key, message in wrong.items()]


def wrong_identity(project: str, number: str, region: str | None) -> Iterator[tuple[str, str]]:
    """Yield the key and a sentence for each of these that names nothing of Google Cloud; a region may be left out."""
    if not PROJECT.fullmatch(project):
        yield "projectId", f"'{project}' is no project id; set `projectId`."
    if not re.fullmatch(r"[0-9]+", number):
        yield "projectNumber", f"'{number}' is no project number; set `projectNumber`."
    if region is not None and (message := regions.problem(region)):
        yield "region", message


def _texts_wrong(stack: StackSettings) -> Iterator[tuple[str, str]]:
    yield from wrong_identity(stack.project, stack.project_number, stack.region)
    for key, place, wide in (
        ("datasetLocation", stack.datasets_in, regions.DATASETS),
        ("databaseLocation", stack.database_in, regions.DATABASES),
    ):
        if place and not hidden(place) and place not in wide and (message := regions.problem(place)):
            yield (
                key,
                f"{message.removesuffix('set `region`.')}use a region, or one of {', '.join(sorted(wide))}, in `{key}`.",
            )
    if not stack.environment:
        yield "environment", "The environment is empty; set `environment`."
    if not hidden(stack.repository) and not re.fullmatch(r"(https://[^\s()<>]+)?", stack.repository):
        yield (
            "repository",
            f"'{stack.repository}' is no address to which a file's path can be added; set `repository` to one such as https://github.com/team/pipeline/blob/main.",
        )


def _channels_wrong(stack: StackSettings, manifest: Manifest) -> Iterator[tuple[str, str]]:
    for name in manifest.alerts.channels:
        channel = stack.channels.get(name, "")
        if not hidden(channel) and not CHANNEL.fullmatch(channel):
            given = f"'{channel}'" if channel else "no id"
            yield (
                f"notificationChannels.{name}",
                f"Alerts go to the channel '{name}', but `notificationChannels` gives it {given}; set projects/<project>/notificationChannels/<number>.",
            )


def _urls_wrong(stack: StackSettings, manifest: Manifest) -> Iterator[tuple[str, str]]:
    pushed = {
        consumer.service: topic.name
        for topic in reversed(tuple(manifest.topics.values()))
        for consumer in topic.consumers
        if consumer.delivery == "push"
    }
    for service in dict.fromkeys((*(each for each in pushed if each in manifest.services), *stack.service_urls)):
        url = stack.service_urls.get(service, "")
        if hidden(url) or URL.fullmatch(url):
            continue
        given = f"'{url}'" if url else "no URL"
        wanted = (
            f"Topic '{pushed[service]}' is pushed to the service '{service}', but `serviceUrls` gives it {given}"
            if service in pushed
            else f"`serviceUrls` gives '{service}' {given}"
        )
        yield f"serviceUrls.{service}", f"{wanted}; set https://<host> without a path."
