"""Where things are: one region, one data location, and no address typed by hand."""

from __future__ import annotations

from policies.case import Case
from policies.kinds import BUCKET, DATABASE, DATASET, JOB, SUBSCRIPTION
from policies.registry import resource_rule

DATA_KINDS = frozenset({BUCKET, DATABASE, DATASET})
REGION_PATHS = ("location", "region", "locationId", "replication.userManaged.replicas.*.location")


@resource_rule(
    "declared-location", "Everything is in the declared region and data location", incidents=(63, 65)
)
def declared_location(case: Case) -> None:
    """Refuse any other region: a query against data elsewhere answers "not found", strays are forgotten."""
    data = case.subject.kind in DATA_KINDS
    what, wanted = (
        ("data location", case.declared.data_location) if data else ("region", case.declared.region)
    )
    for place, location in case.entries_of(REGION_PATHS):
        if str(location).lower() not in {wanted.lower(), "global"}:
            case.violation(f"{place} is {location}, but the stack's {what} is {wanted}; use it.")
    for place, location in case.entries("messageStoragePolicy.allowedPersistenceRegions.*"):
        if str(location).lower() != case.declared.region.lower():
            case.violation(
                f"{place} keeps messages in {location}, the stack's region is {case.declared.region}; use it."
            )


@resource_rule(
    "location-stated",
    "Data kinds state where they keep data",
    incidents=(63,),
    kinds=tuple(sorted(DATA_KINDS)),
)
def location_stated(case: Case) -> None:
    """Refuse a missing location, which means the United States as a whole, for ever: it cannot be changed
    afterwards.
    """
    if not any(case.has(path) for path in REGION_PATHS):
        case.violation(f"No location is set, so the platform chooses; set {case.declared.data_location}.")


@resource_rule(
    "addresses-are-references",
    "Addresses come from resources or from the declared services",
    incidents=(35, 50, 51),
    kinds=(SUBSCRIPTION, JOB),
)
def addresses_are_references(case: Case) -> None:
    """Refuse a literal address that is no declared outside service: a service made anew has another address.

    The address of a function of this stack is its output. In a later update it is known and a literal, so an
    address whose property was computed from a resource passes.
    """
    for path in ("pushConfig.pushEndpoint", "httpTarget.uri"):
        if case.subject.references.get(path.partition(".")[0]):
            continue
        for url in case.values(path):
            if not any(_below(str(url), base) for base in case.declared.service_urls):
                case.violation(
                    f"{path} is the literal {url}, no declared service; refer to the function's own URL."
                )


def _below(url: str, base: str) -> bool:
    base = base.rstrip("/")
    return url == base or url.startswith(base + "/")
