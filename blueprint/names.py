"""Names: every physical and logical name in the project comes from here, cut to its platform limit.

A name that two places write by hand is a name that changes in one of them (incidents 31, 35, 37). Limits are
Google Cloud's; a name that would be too long keeps its beginning and ends in a hash of the whole.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

SERVICE_ACCOUNT = 30
"""Longest service account id (IAM: 6 to 30 characters)."""
SHORTEST = {"service account": 6, "function": 1}
"""Shortest names by kind (IAM, Cloud Run); the others have three characters or more."""
SLUG = (r"[a-z][a-z0-9-]*", "lower-case letters, digits and dashes")
_PUBSUB = (
    r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]*",
    "letters, digits and -._~+%, beginning with a letter and not with goog",
)
SIGNS = {"topic": _PUBSUB, "subscription": _PUBSUB}
"""Signs of a name by kind, as a pattern and in words; Pub/Sub takes more than the others (resource names)."""
DISPLAY_NAME = 100
"""Bytes of a service account's display name (IAM)."""
FUNCTION = 63
"""Longest function and Cloud Run service name (Cloud Run: 63, gen2 functions use the same)."""
PUBSUB = 255
"""Longest topic and subscription name (Pub/Sub resource names: 3 to 255)."""
REPOSITORY = 63
"""Longest repository name (Artifact Registry)."""
BUCKET = 63
"""Longest bucket name without dots (Cloud Storage)."""
JOB = 500
"""Longest scheduler job name (Cloud Scheduler)."""


def shorten(name: str, limit: int) -> str:
    """Return `name` where it fits, else its beginning, a dash and six hex digits of its hash."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - 7].rstrip('-')}-{digest}"


def clipped(text: str, limit: int) -> str:
    """Return the beginning of `text` that fits into `limit` bytes of UTF-8, in which the platform counts."""
    return text.encode()[:limit].decode(errors="ignore")


def slug(text: str) -> str:
    """Return `text` in lower-case letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


@dataclass(frozen=True)
class Names:
    """Physical names of one pipeline in one stack; `project` and `number` are the Google Cloud project's."""

    pipeline: str
    project: str
    number: str
    region: str
    dataset_location: str = ""

    def runtime_account(self, function: str) -> str:
        """Return the id of the service account that the function runs as."""
        return shorten(function, SERVICE_ACCOUNT)

    def invoker_account(self, consumer: str) -> str:
        """Return the id of the service account that calls `consumer` for Pub/Sub or Cloud Scheduler."""
        return shorten(f"call-{consumer}", SERVICE_ACCOUNT)

    def build_account(self) -> str:
        """Return the id of the service account that builds the functions."""
        return shorten(f"{self.pipeline}-function-build", SERVICE_ACCOUNT)

    def email(self, account_id: str) -> str:
        """Return the e-mail address of a service account of this project."""
        return f"{account_id}@{self.project}.iam.gserviceaccount.com"

    def source_bucket(self) -> str:
        """Return the bucket of function archives; globally unique through the project id."""
        return shorten(f"{self.project}-{self.pipeline}-function-source", BUCKET)

    def images_repository(self) -> str:
        """Return the id of the Artifact Registry repository that holds the functions' images."""
        return shorten(f"{self.pipeline}-function-images", REPOSITORY)

    def source_object(self, function: str, sha256: str) -> str:
        """Return the object name of an archive: its content hash makes a change visible (pitfalls 1 to 4)."""
        return f"{function}/{sha256}.zip"

    def subscription(self, consumer: str, topic: str) -> str:
        """Return the subscription through which `consumer` receives `topic`."""
        return shorten(f"{consumer}--{topic}", PUBSUB)

    def stream_subscription(self, stream: str, topic: str) -> str:
        """Return the BigQuery subscription of a stream on `topic`."""
        return shorten(f"stream-{slug(stream)}--{topic}", PUBSUB)

    def dead_letter_topic(self, subscription: str) -> str:
        """Return the topic that receives what a subscription could not deliver."""
        return shorten(f"{subscription}--dead-letter", PUBSUB)

    def dead_letter_subscription(self, subscription: str) -> str:
        """Return the pull subscription that keeps dead letters until somebody decides."""
        return shorten(f"{subscription}--dead-letter-hold", PUBSUB)

    def job(self, function: str, schedule: str) -> str:
        """Return the scheduler job that calls `function`."""
        return shorten(f"{function}--{slug(schedule)}", JOB)
