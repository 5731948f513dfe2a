"""What is known of distributions without asking an index: `distributions.toml`, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class KnownDistributions:
    """What distributions are called by what they provide, and what comes with them.

    Attributes:
        names: by import name the distributions that have another, the usual one first.
        brings: by distribution, what always comes with it.
        sometimes: by distribution, what some versions bring and others do not.
        before: by distribution, a first number, and what comes with it where it is pinned below.
        extras: by distribution and extra, what comes with that.
        google: what each of Google's distributions brings.
        grpc: what most of Google's bring beside it.
        google_cloud: modules of `google.cloud` that come with `google-cloud-` and the same name.
        closed: distributions of which everything that they bring is known.
        mentioned: distributions that are named anywhere here.
    """

    names: Mapping[str, tuple[str, ...]]
    brings: Mapping[str, tuple[str, ...]]
    sometimes: Mapping[str, tuple[str, ...]]
    before: Mapping[str, tuple[int, tuple[str, ...]]]
    extras: Mapping[tuple[str, str], tuple[str, ...]]
    google: tuple[str, ...]
    grpc: tuple[str, ...]
    google_cloud: frozenset[str]
    closed: frozenset[str]
    mentioned: frozenset[str]


@cache
def known_distributions() -> KnownDistributions:
    """Return what the file beside this module says."""
    data = tomllib.loads(Path(__file__).with_name("distributions.toml").read_text(encoding="utf-8"))
    groups: dict[str, str] = data["groups"]

    def words(text: str) -> Iterator[str]:
        for word in text.split():
            yield from words(groups[word]) if word in groups else (word,)

    def read(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        return {name: tuple(words(text)) for name, text in table.items()}

    names, brings, sometimes, lists = (read(data[name]) for name in ("names", "brings", "sometimes", "lists"))
    extras = {(name, extra): each for name, table in data["extras"].items() for extra, each in read(table).items()}
    cloud = {f"google-cloud-{canonicalize_name(each)}" for each in (*lists["google_cloud"], "secret-manager")}
    told = (*names.values(), *brings.values(), *sometimes.values(), *extras.values())
    return KnownDistributions(
        names,
        brings,
        sometimes,
        {name: (each["first"], tuple(words(each["brings"]))) for name, each in data["before"].items()},
        extras,
        tuple(words("@google")),
        tuple(words("@grpc")),
        frozenset(lists["google_cloud"]),
        frozenset({*brings, *lists["alone"], *cloud}),
        frozenset({*brings, *(each for group in told for each in group)}),
    )
