"""What a `requirements.txt` installs, as far as it can be told without an index.

For trees without a lock. Import names map to distributions by a table of names that differ, else by the name
itself; what well-known distributions bring with them counts as installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from packaging.utils import canonicalize_name as normalise

from analysis.audit.known_distributions import known_distributions
from analysis.audit.requirements_file import Requirement
from analysis.python.listed_names import ListedNames

_IN_IMAGES = {"pip", "pkg_resources", "setuptools", "wheel"}
_NAMESPACES = {"google", "google.cloud", "google.ads", "google.analytics", "google.maps", "azure", "opentelemetry"}
_WITHOUT_GRPC = {"google-cloud-bigquery", "google-cloud-core", "google-cloud-storage"}
_VERSION = re.compile(r"_v\d+\w*(?=\.|$)")


class Requirements:
    """What a function's requirements install; a `ThirdParty` for the closure."""

    names = ListedNames()

    def __init__(self, requirements: tuple[Requirement, ...]) -> None:
        self.requirements = requirements
        asked = [("functions-framework", ()), *((item.name, item.extras) for item in requirements if item.name)]
        asked += [(each, ()) for item in requirements for each in _by_version(item)]
        self._installed = set(_closed(asked, _always))
        self._sometimes = set(_closed(((each, ()) for each in self._installed), _ever))

    def provider(self, module: str) -> str | None:
        """Return the distribution that provides a dotted name, "" for a bare namespace, None if nothing does."""
        found = next((name for name in distributions_of(module) if name in self._installed), None)
        return "" if found is None and module in _NAMESPACES else found

    def perhaps(self, module: str) -> str:
        """Return why a module that nothing provides may be there all the same, "" where it surely is not."""
        for item in self.requirements:
            if item.unread:
                return f"{item.unread}, so what it brings is not known"
        for item in self.requirements:
            if item.name not in known_distributions().closed:
                return f"'{item.name or item.text}' may bring it, or need what brings it"
            if _of_family(item.name, module):
                return f"'{item.name}' may bring it"
        if any(name in self._sometimes for name in distributions_of(module)):
            return "some versions of what requirements.txt asks for bring it"
        return "the runtime's image may have it" if module.partition(".")[0] in _IN_IMAGES else ""

    def named_like(self, module: str) -> str:
        """Return why a module of a name that first-party code has may be another: a requirement is called like it."""
        for item in self.requirements:
            if item.name not in known_distributions().closed and normalise(module.partition(".")[0]) in item.name.split(
                "-"
            ):
                return f"'{item.name}' may bring one of that name"
        return ""


def _closed(
    asked: Iterable[tuple[str, tuple[str, ...]]], brings: Callable[[str, tuple[str, ...]], Iterable[str]]
) -> Iterator[str]:
    """Yield what is asked for and everything that comes with it."""
    queue = list(asked)
    seen = {name for name, _ in queue}
    for name, extras in queue:
        yield name
        new = [each for each in brings(name, extras) if each not in seen]
        seen.update(new)
        queue += [(each, ()) for each in new]


def _by_version(item: Requirement) -> tuple[str, ...]:
    first, brings = known_distributions().before.get(item.name, (0, ()))
    pinned = re.search(r"==\s*(\d+)", item.text)
    return brings if pinned and int(pinned[1]) < first else ()


def _always(name: str, extras: tuple[str, ...] = ()) -> list[str]:
    known = known_distributions()
    brings = [*known.brings.get(name, ())]
    for extra in extras:
        brings += known.extras.get((name, extra), ())
    if name.startswith("google-cloud-"):
        brings += [*known.google, *(() if name in _WITHOUT_GRPC else known.grpc)]
    return brings


def _ever(name: str, extras: tuple[str, ...] = ()) -> list[str]:
    known = known_distributions()
    google = ["google-cloud-core", *known.grpc, "grpc-google-iam-v1"] if name.startswith("google-cloud-") else []
    return [*_always(name, extras), *known.sometimes.get(name, ()), *google]


def _of_family(distribution: str, module: str) -> bool:
    """Return whether a distribution of Google's has the module's name and more: several modules come with some."""
    family = distribution.removeprefix("google-cloud-")
    return family != distribution and normalise(module).startswith(f"google-cloud-{family}-")


def distributions_of(module: str) -> Iterator[str]:
    """Yield the distributions that are known to provide a dotted name, the likeliest first; one of its own name is."""
    parts = module.split(".")
    wholes = [_VERSION.sub("", ".".join(parts[:count])) for count in range(len(parts), 0, -1)]
    for whole in wholes:
        yield from known_distributions().names.get(whole, ())
    if parts[0] in ("google", "azure", "opentelemetry"):
        yield from map(normalise, wholes[:-1])
    else:
        yield normalise(parts[0])


def usual_distribution(module: str) -> str:
    """Return the distribution that a dotted name usually comes from; "" where that would be a guess."""
    known = known_distributions()
    parts = _VERSION.sub("", module).split(".")
    wholes = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    sure = any(whole in known.names for whole in wholes) or normalise(parts[0]) in known.mentioned
    cloud = parts[:2] == ["google", "cloud"] and len(parts) > 2 and parts[2] in known.google_cloud
    if not sure and cloud:
        return normalise("-".join(parts[:3]))
    return next(distributions_of(module)) if sure else ""


def is_known(module: str) -> bool:
    """Return whether a dotted name is certainly third-party: a name that `distributions.toml` has, or Google's."""
    top, known = module.partition(".")[0], known_distributions()
    return top == "google" or top in known.names or normalise(top) in known.mentioned
