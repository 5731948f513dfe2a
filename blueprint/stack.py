"""The stack: values of one deployment that the declaration does not know, read from stack configuration.

`Pulumi.yaml` types and describes each key and `Pulumi.<stack>.yaml` sets it. The program hands the values over; this
module checks that they fit the declaration, so that a second stack is one file and a missing value one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blueprint.findings import Finding, Location

if TYPE_CHECKING:
    from blueprint.manifest import Manifest

PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""Google Cloud project ids: 6 to 30 lower-case letters, digits and dashes (Resource Manager)."""
REGION = re.compile(r"[a-z]+-[a-z]+\d{1,2}")
CHANNEL = re.compile(r"projects/[a-z0-9-]+/notificationChannels/\d+")


@dataclass(frozen=True)
class StackSettings:
    """Values of one stack; `service_urls` and `channels` map names to base URLs and notification channel ids."""

    name: str
    project: str
    project_number: str
    region: str
    environment: str
    service_urls: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    repository: str = ""
    """Address under which the repository's files are read; empty: alerts name their runbook by its path."""

    @property
    def file(self) -> str:
        """Return the file that sets these values."""
        return f"Pulumi.{self.name}.yaml"

    def value_of(self, source: str) -> str:
        """Return the value that an environment variable declared `from: source` receives."""
        return {
            "project": self.project,
            "project_number": self.project_number,
            "region": self.region,
            "environment": self.environment,
        }[source]


def check_stack(stack: StackSettings, manifest: Manifest) -> list[Finding]:
    """Return what is wrong with the stack's values for this declaration."""
    at = Location(stack.file)
    problems = [
        (PROJECT.fullmatch(stack.project), f"'{stack.project}' is no project id; set `projectId`."),
        (stack.project_number.isdigit(), f"'{stack.project_number}' is no project number; set `projectNumber`."),
        (REGION.fullmatch(stack.region), f"'{stack.region}' is no region such as europe-west1; set `region`."),
        (stack.environment, "The environment is empty; set `environment`."),
        (
            re.fullmatch(r"(https://[^\s()<>]+)?", stack.repository),
            f"'{stack.repository}' is no address to which a file's path can be added; set `repository` to one such as https://github.com/team/pipeline/blob/main.",
        ),
    ]
    findings = [Finding("stack", message, at) for good, message in problems if not good]
    for name in manifest.alerts.channels:
        channel = stack.channels.get(name, "")
        if not CHANNEL.fullmatch(channel):
            message = f"Alerts go to the channel '{name}', but `notificationChannels` gives it {repr(channel) if channel else 'no id'}; set projects/<project>/notificationChannels/<number>."
            findings.append(Finding("stack", message, at))
    for topic in manifest.topics.values():
        for consumer in topic.consumers:
            url = stack.service_urls.get(consumer.service, "")
            if consumer.delivery == "push" and not re.fullmatch(r"https://[a-zA-Z0-9.-]+", url):
                message = f"Topic '{topic.name}' is pushed to the service '{consumer.service}', but `serviceUrls` gives it {repr(url) if url else 'no URL'}; set https://<host> without a path."
                findings.append(Finding("stack", message, at))
    return findings
