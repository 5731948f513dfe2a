"""No keyword argument and no option of a component can be lost or changed without a finding at its file."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

import blueprint.check
from blueprint.alerts.types import Alert, LogMatch
from blueprint.check import Checked
from blueprint.findings import Finding
from blueprint.manifest import Stream
from blueprint.model import Blueprint
from blueprint.schemas.bigquery import Partitioning, RangePartitioning, Schemas, TableReference
from blueprint.schemas.firestore import IndexField
from blueprint.stack import StackSettings
from components.base import FORMERLY
from ops.embedded import engine
from ops.embedded.inventory import RULE, held_to_inventory
from ops.embedded.record import Registration
from ops.report.gather import gather

ROOT = Path(__file__).resolve().parents[3]
COMPONENTS = ROOT / "components"

Change = Callable[[ast.keyword, ast.Call], None]


@dataclass(frozen=True)
class Site:
    """One keyword argument of one call in a component."""

    module: str
    line: int
    column: int
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}:{self.name}"


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, ast.keyword]]:
    """Yield every keyword argument of every call that makes a resource, its arguments or its options."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            made = ast.unparse(node.func)
            if made.startswith("gcp.") or made.endswith((".options", "ResourceOptions")):
                yield from ((node, keyword) for keyword in node.keywords if keyword.arg)


WITHOUT_EFFECT = {"base:aliases": "No kind of component was ever renamed, so that there is no alias to lose."}


def sites() -> list[Site]:
    """Return every keyword argument of the components but those that have no effect today."""
    found = [
        Site(path.stem, keyword.lineno, keyword.col_offset, str(keyword.arg))
        for path in sorted(COMPONENTS.glob("*.py"))
        for _, keyword in calls(ast.parse(path.read_bytes()))
    ]
    assert not FORMERLY
    return [site for site in found if f"{site.module}:{site.name}" not in WITHOUT_EFFECT]


def delete(keyword: ast.keyword, call: ast.Call) -> None:
    call.keywords.remove(keyword)


def alter(keyword: ast.keyword, call: ast.Call) -> None:
    """Give the argument another value of its type, where it is a literal."""
    keyword.value = Altered().visit(keyword.value)


class Altered(ast.NodeTransformer):
    """Changes every literal below a value, but no bound of a slice: the texts of prod are shorter than that."""

    def visit_Slice(self, node: ast.Slice) -> ast.Slice:  # the protocol's name
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # the protocol's name
        match node.value:
            case bool():
                return ast.copy_location(ast.Constant(not node.value), node)
            case int():
                return ast.copy_location(ast.Constant(node.value + 1), node)
            case str():
                return ast.copy_location(ast.Constant(f"{node.value}x"), node)
            case _:
                return node


class Mutant(MetaPathFinder):
    """Finds the components as they are, but for one module whose tree was changed."""

    def __init__(self, site: Site, change: Change) -> None:
        path = COMPONENTS / f"{site.module}.py"
        self.name = f"components.{site.module}"
        tree = ast.parse(path.read_bytes())
        for call, keyword in calls(tree):
            if (keyword.lineno, keyword.col_offset, keyword.arg) == (site.line, site.column, site.name):
                change(keyword, call)
                break
        self.code = compile(ast.fix_missing_locations(tree), str(path), "exec")

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return spec_from_loader(name, self, origin=self.code.co_filename) if name == self.name else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self.code.co_filename
        exec(self.code, module.__dict__)


@pytest.fixture(scope="module")
def sound() -> Checked:
    evaluated = engine.evaluate(ROOT, "prod")
    found = evaluated.scope["checked"]
    assert isinstance(found, Checked)
    return replace(found, blueprint=few_of_each_kind(found.sound()))


def few_of_each_kind(plan: Blueprint) -> Blueprint:
    """Return prod with one of each kind of thing, and with what prod has none of, so that hundreds of runs are quick."""
    called = next(each for each in plan.manifest.functions.values() if each.trigger.topic is not None)
    writing = next(grant.function for grant in plan.grants if grant.scope == "table")
    reading = next(each for each in plan.manifest.functions.values() if each.trigger.schedules and each.secrets)
    functions = {each.name: each for each in (called, plan.manifest.functions[writing], reading)}
    stream = next(iter(plan.manifest.streams.values()))
    streams = {stream.name: replace(stream, topics=stream.topics[:1])}
    topics = {name: each for name, each in plan.manifest.topics.items() if _wanted(plan, name, functions, streams)}
    index = plan.firestore.indexes[0]
    array = replace(index, fields=(IndexField("names", array_config="CONTAINS"), *index.fields))
    watched = [each for each in plan.alerts if each.covers.kind != "function" or each.covers.name in functions]
    return replace(
        plan,
        manifest=replace(plan.manifest, functions=functions, streams=streams, topics=topics),
        schemas=_few_tables(plan.schemas, stream.table),
        firestore=replace(plan.firestore, indexes=(index, array), ttls=plan.firestore.ttls[:1]),
        alerts=tuple({_shape(each): each for each in watched}.values()),
    )


def _shape(alert: Alert) -> tuple[object, ...]:
    """Return what makes one alert's policy another kind of value than another's."""
    extracts = isinstance(alert.condition, LogMatch) and bool(alert.condition.label_extractors)
    return type(alert.condition), extracts, alert.rate_limit is None, alert.covers.kind


def _wanted(plan: Blueprint, topic: str, functions: Mapping[str, object], streams: Mapping[str, Stream]) -> bool:
    pushed = any(each.delivery == "push" for each in plan.manifest.topics[topic].consumers)
    used = {
        name
        for function in functions
        for name in (*plan.manifest.published_by(function), str(plan.manifest.functions[function].trigger.topic))
    }
    return pushed or topic in used or any(topic in stream.topics for stream in streams.values())


def _few_tables(schemas: Schemas, streamed: str) -> Schemas:
    """Return one table partitioned by time, one by range with a key, the streamed one, and one view over another."""
    by_time = next(each for each in schemas.tables.values() if each.partitioning and each.partitioning.expiration_days)
    kept = {each.id: each for each in (by_time, schemas.tables[streamed])}
    ranged = Partitioning(column="number", range=RangePartitioning(start=0, end=100, interval=10), require_filter=True)
    by_range = replace(by_time, name="ranged", partitioning=ranged, primary_key=("number",), friendly_name="Ranged")
    dataset = replace(schemas.datasets[by_time.dataset], friendly_name="Friendly", labels=(("own", "label"),))
    view = replace(
        next(iter(schemas.views.values())),
        references=(TableReference(by_time.dataset, by_time.name),),
        friendly_name="View",
    )
    return replace(
        schemas,
        datasets={**schemas.datasets, dataset.name: dataset},
        tables={**kept, by_range.id: by_range},
        views={view.id: view},
    )


@pytest.fixture
def found_with(sound: Checked, monkeypatch: pytest.MonkeyPatch) -> Callable[[Site, Change], list[Finding]]:
    """Evaluate the program with one change, against the same model."""

    def given(root: Path, stack: StackSettings) -> Checked:
        return sound

    def run(site: Site, change: Change) -> list[Finding]:
        for name in [name for name in sys.modules if name.partition(".")[0] == "components"]:
            monkeypatch.delitem(sys.modules, name)
        mutant = Mutant(site, change)
        monkeypatch.setattr(sys, "meta_path", [mutant, *sys.meta_path])
        evaluated = engine.evaluate(ROOT, "prod")
        if evaluated.findings:
            return [*evaluated.findings]
        assert sound.blueprint is not None
        return [*held_to_inventory(sound.blueprint, evaluated.registrations).findings]

    monkeypatch.setattr(blueprint.check, "check", given)
    return run


def test_prod_is_declared_as_implied() -> None:
    evaluated = gather(ROOT, "prod")
    assert evaluated.violations == []
    held = next(each for each in evaluated.results if each.contract.id == RULE)
    assert held.checked == sum(evaluated.kinds.values()) - 1 > 350  # all but the provider itself


def test_the_provider_itself_must_be_declared() -> None:
    evaluated = gather(ROOT, "prod")
    assert evaluated.blueprint is not None
    without = [each for each in evaluated.resources if not each.type.startswith("pulumi:providers:")]
    found = [each.message for each in held_to_inventory(evaluated.blueprint, without).findings]
    assert found == ["The program declares no provider 'gcp'; make it, as every resource has it."]


def test_a_cause_is_one_finding_whatever_number_of_resources_its_line_declares() -> None:
    evaluated = gather(ROOT, "prod")
    assert evaluated.blueprint is not None
    functions = [each for each in evaluated.resources if each.type.endswith("v2/function:Function")]

    def changed(each: Registration) -> Registration:
        url = {"$concat": [{"$ref": functions[0].urn, "property": "url"}, "/"]}
        return replace(each, inputs={**each.inputs, "description": url}) if each in functions else each

    found = held_to_inventory(evaluated.blueprint, [changed(each) for each in evaluated.resources]).findings
    inputs = [each.message for each in found if "`description` is" in each.message]
    assert len(functions) == 7
    assert len(inputs) == 1
    first, *others = (each.name for each in functions)
    assert f"Of '{first}'" in inputs[0]
    assert f"`description` is `url` of '{first}' + \"/\", the declaration implies" in inputs[0]
    assert f"declares '{others[0]}', '{others[1]}', '{others[2]}' and 3 more, which differ" in inputs[0]


@pytest.mark.slow
@pytest.mark.parametrize("site", sites(), ids=str)
def test_a_lost_argument_is_found(site: Site, found_with: Callable[[Site, Change], list[Finding]]) -> None:
    assert found_with(site, delete) != []


def literal(site: Site) -> bool:
    tree = ast.parse((COMPONENTS / f"{site.module}.py").read_bytes())
    values = [
        keyword.value
        for _, keyword in calls(tree)
        if (keyword.lineno, keyword.col_offset, keyword.arg) == (site.line, site.column, site.name)
    ]
    return any(
        ast.dump(Altered().visit(ast.parse(ast.unparse(value)))) != ast.dump(ast.parse(ast.unparse(value)))
        for value in values
    )


@pytest.mark.slow
@pytest.mark.parametrize("site", [site for site in sites() if literal(site)], ids=str)
def test_another_value_is_found(site: Site, found_with: Callable[[Site, Change], list[Finding]]) -> None:
    found = found_with(site, alter)
    assert found != []
    assert {finding.rule for finding in found} & {RULE, "provider-inputs", "program", "explicit-provider"}
