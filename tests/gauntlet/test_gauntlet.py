"""A sample of `make gauntlet`: no generated mistake survives unexplained, misleads by its place, or ends the program."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
import yaml

from ops.incidents import INCIDENTS
from tests.gauntlet.__main__ import too_wide
from tests.gauntlet.corpus import Judged, corpus
from tests.gauntlet.forms import OF_EACH, forms
from tests.gauntlet.harmless_modules import of_modules
from tests.gauntlet.judge import UNEXPLAINED, Judge, Outcome, fitting_reason, places, reasons
from tests.gauntlet.mutation import Mutation, misspelt, other_case, sample, scaled
from tests.gauntlet.of_python import of_python
from tests.gauntlet.of_sql import of_sql
from tests.gauntlet.of_yaml import of_yaml
from tests.gauntlet.planned import of_plan
from tests.incidents.cases import ROOT

PARTS = (
    "declaration",
    "stack",
    "files",
    "documents",
    "messages",
    "tables",
    "queries",
    "code",
    "plan",
    "harmless layout",
    "harmless SQL",
    "harmless code",
    "harmless messages",
    "harmless modules",
)
OF_EACH_PART = 3
"""Mistakes of different kinds; all of them take hours, and a minute is what a run of all tests can spare."""
KINDS_OF_PLAN = 6
"""Condition changed, grant lost, input changed, input lost, option lost, resource lost."""
TWICE = (("tables", "SQL text misspelt"), ("tables", "SQL name misspelt"), ("code", "import misspelt"))
Corpus = Mapping[str, Mapping[Mutation, Judged]]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(tmp_path_factory.mktemp("gauntlet"))


@pytest.fixture(scope="module")
def mutations(judge: Judge) -> Corpus:
    found = corpus(judge)
    assert tuple(found) == PARTS
    return found


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_no_mistake_survives(part: str, mutations: Corpus) -> None:
    chosen = [*sample(mutations[part], 1)][:OF_EACH_PART]
    assert chosen
    outcomes = [mutations[part][each]() for each in chosen]
    assert [f"{each.verdict}: {each.mutation} {each.said}" for each in outcomes if each.verdict in UNEXPLAINED] == []


@pytest.mark.slow
def test_a_mistake_in_the_plan_is_judged_as_in_the_whole(judge: Judge) -> None:
    planned = {each.mutation: each for each in of_plan(judge)}
    chosen = [planned[each] for each in sample(planned, 3)]
    assert len({each.mutation.kind for each in chosen}) == KINDS_OF_PLAN
    assert [each.judged() for each in chosen] == [each.slowly() for each in chosen]


@pytest.mark.slow
def test_a_mistake_is_judged_as_with_nothing_left_out(judge: Judge, mutations: Corpus) -> None:
    chosen = [each for part, kind in TWICE for each in sample(mutations[part], 1) if each.kind == kind]
    outcomes = [(judge.judged(each), judge.slowly(each)) for each in chosen]
    assert [quick.verdict for quick, _ in outcomes] == ["told", "refused", "refused"]
    assert [(quick.verdict, quick.by) for quick, _ in outcomes] == [(slow.verdict, slow.by) for _, slow in outcomes]


@pytest.mark.slow
def test_a_plan_without_its_program_is_the_plan_of_the_program(judge: Judge, mutations: Corpus) -> None:
    described = next(each for each in sample(mutations["tables"], 1) if each.kind == "SQL text misspelt")
    with judge.made(described):
        assert judge.findings() == []
        quick = judge.difference(described)
        assert (len(quick.resources), quick) == (1, judge.slow_difference())


def test_an_unexplained_mutation_is_seen(judge: Judge) -> None:
    text = judge.text("pipeline.yaml")
    nothing = judge.judged(Mutation("nothing", "pipeline.yaml", "changed", text))
    assert (nothing.verdict, nothing.by) == ("survivor", "nothing")
    refused = judge.judged(Mutation("typo", "pipeline.yaml", "lease", text.replace("  lease:", "  leese:")))
    assert (refused.verdict, refused.by) == ("refused", "manifest")
    told = judge.judged(Mutation("number", "pipeline.yaml", "lease", text.replace("lease: 10m", "lease: 20m")))
    assert (told.verdict, told.by) == ("told", "start")
    assert judge.judged(Mutation("nothing", "pipeline.yaml", "changed", text)).verdict == "survivor"


def test_every_reason_is_of_some_mutation(mutations: Corpus) -> None:
    used = {fitting_reason(each) for part in mutations.values() for each in part}
    assert [each.pattern for each in reasons() if each not in used] == []


def test_every_place_is_of_some_mutation(mutations: Corpus) -> None:
    names = [str(each).rstrip() for part in mutations.values() for each in part]
    assert [each for each in places() if not any(re.fullmatch(each.made, name) for name in names)] == []


def test_a_reason_that_fits_what_is_refused_is_told() -> None:
    refused = Outcome(Mutation("leaf deleted", "Pulumi.yaml", "main", ""), "refused", "stack", "")
    assert [pattern for _, pattern in too_wide([refused, replace(refused, verdict="benign")])] == [
        "leaf deleted: Pulumi.yaml main"
    ]


def test_every_incident_has_generated_forms(mutations: Corpus) -> None:
    recorded = yaml.safe_load((ROOT / INCIDENTS).read_text(encoding="utf-8"))["incidents"]
    found = forms(mutations)
    assert {*found} == {*recorded}
    assert {number: len({*of}) for number, of in found.items() if len({*of}) < OF_EACH} == {}


def test_mistakes_in_yaml() -> None:
    text = "a: {b: 10m, c: [x1y, two]}\nd:\n  # why\n  - e: true\n    f: &g some\n  - *g\n"
    found = {f"{each.kind} {each.place}": each.text for each in of_yaml("f", text)}
    assert found["leaf deleted a.b"] == text.replace("b: 10m, ", "")
    assert found["number ÷10 a.b"] == text.replace("10m", "1m")
    assert found["item deleted a.c[1]"] == text.replace(", two", "")
    assert found["siblings swapped a.c[0/1]"] == text.replace("x1y, two", "two, x1y")
    assert found["truth turned d[0].e"] == text.replace("true", "false")
    assert found["branch deleted d"] == "a: {b: 10m, c: [x1y, two]}\n"
    assert found["key misspelt d"] == text.replace("d:\n", "dd:\n")


def test_mistakes_in_sql() -> None:
    text = "SELECT a, b.c FROM d.e WHERE f = 'xyz' AND g > 20 -- h\n"
    found = {f"{each.kind} {each.place.split()[1]}": each.text for each in of_sql("f", text)}
    assert found["SQL item lost b"] == "SELECT a\nFROM d.e WHERE f = 'xyz' AND g > 20 -- h\n"
    assert found["SQL condition turned ="] == text.replace("=", "!=")
    assert found["SQL condition turned AND"] == text.replace("AND", "OR")
    assert found["SQL number ×10 20"] == text.replace("20", "200")
    assert found["SQL name misspelt g"] == text.replace("g >", "gg >")


def test_mistakes_in_python() -> None:
    text = "from a.b import c, d as e\nimport f\n\n\ndef g() -> None:\n    c(e.h(f), i=e.j)\n"
    found = {f"{each.kind} {each.place.split()[1]}": each.text for each in of_python("f", text)}
    assert found["import lost c"] == text.replace("c, d", "d")
    assert found["import misspelt c"] == text.replace("c, d as e", "d as e, cc as c")
    assert found["import lost f"] == text.replace("import f", "pass")
    assert found["called name misspelt c"] == text.replace("    c(", "    cc(")
    assert found["called attribute misspelt e.h"] == text.replace("e.h(", "e.hh(")
    assert found["attribute misspelt e.j"] == text.replace("e.j", "e.jj")
    assert found["argument misspelt i"] == text.replace("i=", "ii=")
    assert found["definition lost g"] == text.partition("def")[0]


def test_harmless_edits_across_modules() -> None:
    one = "from __future__ import annotations\nimport a\n\n\ndef f() -> None:\n    a.b()\n\n\ndef _g() -> None:\n    f()\n"
    two = "from shared.one import f\n\n\ndef h() -> None:\n    f()\n"
    texts = {"functions/shared/one.py": one, "functions/shared/two.py": two}
    found = {f"{each.kind} {each.place}": each for each in of_modules(texts)}
    split = found["module split in two f"]
    assert split.text is not None
    assert ast.unparse(ast.parse(split.text)).splitlines() == [
        "from __future__ import annotations",
        "import a",
        "from shared.one_apart import f",
        "",
        "def _g() -> None:",
        "    f()",
    ]
    assert split.beside == (
        (
            "functions/shared/one_apart.py",
            "from __future__ import annotations\nimport a\n\n\ndef f() -> None:\n    a.b()\n",
        ),
    )
    merged = found["modules merged one"]
    assert (merged.file, merged.beside) == ("functions/shared/two.py", (("functions/shared/one.py", None),))
    assert merged.text is not None
    assert [each.name for each in ast.parse(merged.text).body if isinstance(each, ast.FunctionDef)] == ["f", "_g", "h"]
    assert found["private function renamed _g"].text == one.replace("_g", "_g_here")
    moved = found["function moved to the end f"].text
    assert moved is not None
    assert moved.endswith("f()\n\n\ndef f() -> None:\n    a.b()\n")


def test_words() -> None:
    assert [misspelt("topic"), misspelt("a.b"), misspelt("")] == ["toppic", "a.bb", "x"]
    assert [other_case("topic"), other_case("1a"), other_case("1")] == ["Topic", "1A", "1"]
    assert [*scaled("30m")] == [("×10", "300m"), ("÷10", "3m")]
    assert [*scaled("1.5")] == [("×10", "15"), ("÷10", "0.15")]
    assert [*scaled("v3")] == []
