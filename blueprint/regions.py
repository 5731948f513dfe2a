"""Regions in which functions can be placed, as data with its date: a name that only looks like one is found before use.

Read on 2026-11-28 from the locations of Cloud Run (cloud.google.com/run/docs/locations) and from the lists that the
Google Cloud CLI 528 carries; BigQuery, Pub/Sub and Cloud Scheduler are in each of them. Google opens one or two a year.
"""

from __future__ import annotations

import difflib
import re

FILE = "blueprint/regions.py"
READ = "2026-11-28"
SHAPE = re.compile(r"[a-z]+-[a-z]+\d{1,2}")
REGIONS = frozenset([
    "africa-south1",
    "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3", "asia-south1", "asia-south2",
    "asia-southeast1", "asia-southeast2",
    "australia-southeast1", "australia-southeast2",
    "europe-central2", "europe-north1", "europe-north2", "europe-southwest1", "europe-west1", "europe-west10",
    "europe-west12", "europe-west2", "europe-west3", "europe-west4", "europe-west6", "europe-west8", "europe-west9",
    "me-central1", "me-central2", "me-west1",
    "northamerica-northeast1", "northamerica-northeast2", "northamerica-south1",
    "southamerica-east1", "southamerica-west1",
    "us-central1", "us-east1", "us-east4", "us-east5", "us-south1", "us-west1", "us-west2", "us-west3", "us-west4",
])  # fmt: skip

DATASETS, DATABASES = frozenset({"EU", "US"}), frozenset({"eur3", "nam5", "nam7"})
"""Where data can be that is in no one region: multi-regions of BigQuery and of Firestore, as each spells them."""


def problem(name: str) -> str | None:
    """Return what is wrong with a region's name, or None: it is one, it cannot be one, or it is not known here."""
    if name in REGIONS:
        return None
    if not SHAPE.fullmatch(name):
        return f"'{name}' is no region such as europe-west1; set `region`."
    close = difflib.get_close_matches(name, sorted(REGIONS), n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return (
        f"'{name}' looks like a region and was none on {READ}; {hint}A region that was opened since is added to {FILE}."
    )
