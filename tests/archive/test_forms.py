"""Each form of `forms`, built and started: what is sound runs, what is refused does not, what is not known can be declared."""

from __future__ import annotations

import pytest

from tests.archive.forms import FORMS
from tests.archive.forms.project import FILES, SHARED
from tests.archive.running import Tried, tried

MODULES = (
    "helper",
    "jobs.alpha",
    "jobs.beta",
    "plugins.one",
    "plugins.two",
    "late3.alpha",
    "lazy5.alpha",
    "lazy5.beta",
)
RESOURCES = ("conf.json", "main.json", "texts", "templates")


def named(outcome: str) -> dict[str, str]:
    return {f"{kind}: {name}": main for kind, forms in FORMS.items() for name, main in forms.get(outcome, {}).items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tried]:
    everything = {**named("sound"), **named("refused"), **named("not known")}
    return tried(tmp_path_factory.mktemp("forms"), everything, FILES, SHARED)


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tried]:
    root = tmp_path_factory.mktemp("declared")
    return tried(root, named("not known"), FILES, SHARED, dynamic_imports=MODULES, resources=RESOURCES)


def test_every_kind_has_forms_that_must_pass_and_such_that_must_not() -> None:
    assert all(len(forms["sound"]) >= 5 and len(forms) >= 2 for forms in FORMS.values())
    assert sum(len(each) for forms in FORMS.values() for each in forms.values()) >= 300
    assert all(len({*each}) == len([*each]) for each in ([n for o in g.values() for n in o] for g in FORMS.values()))


@pytest.mark.parametrize("name", named("sound"))
def test_what_is_sound_runs(name: str, made: dict[str, Tried]) -> None:
    assert made[name].refused == []
    assert made[name].archived == "-"


@pytest.mark.parametrize("name", named("refused"))
def test_what_is_refused_does_not_run_even_whole(name: str, made: dict[str, Tried]) -> None:
    assert made[name].refused != []
    assert made[name].whole != "-"


@pytest.mark.parametrize("name", named("not known"))
def test_what_is_not_known_is_refused_until_it_is_declared(
    name: str, made: dict[str, Tried], declared: dict[str, Tried]
) -> None:
    assert made[name].refused != []
    assert all("by a computed name" in each for each in made[name].refused)
    assert declared[name].refused == []
    assert declared[name].archived == "-"
