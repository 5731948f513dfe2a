"""Each form of `forms`, built and started: what is sound runs, what is refused does not, what is not known can be declared."""

from __future__ import annotations

import pytest

from blueprint.archive import ArchiveSource, analyse_function
from tests.archive.forms import FORMS
from tests.archive.forms.project import FILES, SHARED
from tests.archive.running import TARGET, Tried, locked, source_in, tried, with_handle, write

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


EVERYTHING = {**named("sound"), **named("refused"), **named("not known")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tried]:
    return tried(tmp_path_factory.mktemp("forms"), EVERYTHING, FILES, SHARED)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> ArchiveSource:
    root = tmp_path_factory.mktemp("alone")
    source = source_in(root, "f")
    write(source.folder, FILES)
    write(root / "functions" / "shared", SHARED)
    return source


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tried]:
    root = tmp_path_factory.mktemp("declared")
    return tried(root, named("not known"), FILES, SHARED, dynamic_imports=MODULES, resources=RESOURCES)


def test_every_kind_has_forms_that_must_pass_and_such_that_must_not() -> None:
    assert all(len(forms["sound"]) >= 5 and len(forms) >= 2 for forms in FORMS.values())
    assert sum(len(each) for forms in FORMS.values() for each in forms.values()) >= 300
    assert all(len({*each}) == len([*each]) for each in ([n for o in g.values() for n in o] for g in FORMS.values()))


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        *dict.fromkeys(named("sound"), True).items(),
        *dict.fromkeys({**named("refused"), **named("not known")}, False).items(),
    ],
)
def test_each_is_judged_alone_as_it_is_beside_others(name: str, sound: bool, alone: ArchiveSource) -> None:
    write(alone.folder, {"main.py": with_handle(EVERYTHING[name])})
    found = analyse_function(alone, target_python=TARGET, locked=locked()).findings
    assert any(each.severity == "violation" for each in found) is not sound


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
