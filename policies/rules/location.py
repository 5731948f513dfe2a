"""Where things are: one region, one data location, and no address typed by hand."""

from __future__ import annotations

from policies.case import Case, StackCase
from policies.kinds import BUCKET, DATABASE, DATASET, FUNCTION, JOB, RUN_SERVICE, SUBSCRIPTION
from policies.registry import resource_rule, stack_rule

DATA_KINDS = frozenset({BUCKET, DATABASE, DATASET})
REGION_PATHS = ("location", "region", "locationId", "replication.userManaged.replicas.*.location")


@resource_rule(
    "declared-location", "Everything is in the declared region and data location", incidents=(63, 65), judges="outputs"
)
def declared_location(case: Case) -> None:
    """Refuse any other region: a query against data elsewhere answers "not found", strays are forgotten.

    Where a location is left out the provider or the platform chooses one, so the outputs are judged.
    """
    what, wanted = _place(case)
    for place, location in case.entries_of(REGION_PATHS):
        if str(location).lower() not in {wanted.lower(), "global"}:
            case.violation(f"{place} is {location}, but the stack's {what} is {wanted}; use it.")
    for place, location in case.entries("messageStoragePolicy.allowedPersistenceRegions.*"):
        if str(location).lower() != case.declared.region.lower():
            case.violation(
                f"{place} keeps messages in {location}, the stack's region is {case.declared.region}; use it."
            )


@resource_rule(
    "location-stated", "Data kinds state where they keep data", incidents=(63,), kinds=tuple(sorted(DATA_KINDS))
)
def location_stated(case: Case) -> None:
    """Refuse a missing location, which means the United States as a whole, for ever: it cannot be changed afterwards."""
    if not any(case.has(path) for path in REGION_PATHS):
        case.violation(f"No location is set, so the platform chooses; set {_place(case)[1]}.")


def _place(case: Case) -> tuple[str, str]:
    """Return where a resource belongs, and what that place is called."""
    apart = {
        DATASET: ("location of datasets", case.declared.dataset_location),
        DATABASE: ("location of the database", case.declared.database_location),
    }
    return apart.get(case.subject.kind, ("region", case.declared.region))


@stack_rule(
    "addresses-are-references", "Addresses come from resources or from the declared services", incidents=(35, 50, 51)
)
def addresses_are_references(stack: StackCase) -> None:
    """Refuse a literal address that is no declared outside service: a service made anew has another one.

    An address computed from a function of this stack passes; after the first update it is known, but still a
    reference.
    """
    for case in stack.of(SUBSCRIPTION, JOB):
        for path in ("pushConfig.pushEndpoint", "httpTarget.uri"):
            if not case.has(path) or case.configured(path) or stack.computed_from(case, path, FUNCTION, RUN_SERVICE):
                continue
            for url in case.values(path):
                if not any(_below(str(url), base) for base in case.declared.service_urls):
                    case.violation(
                        f"{path} is the literal {url}, no declared service; refer to the function's own URL."
                    )


def _below(url: str, base: str) -> bool:
    base = base.rstrip("/")
    return url == base or url.startswith(base + "/")
