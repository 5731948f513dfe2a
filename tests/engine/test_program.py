"""The project itself under the real engine: from nothing, again, changed, crashed, protected, renamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.embedded.engine import evaluate
from tests.engine import legacy
from tests.engine.harness import Engine, fork

pytestmark = pytest.mark.engine

FUNCTION = "gcp:cloudfunctionsv2/function:Function"
OBJECT = "gcp:storage/bucketObject:BucketObject"
TOPIC = "gcp:pubsub/topic:Topic"


@pytest.fixture
def engine(prod: Engine, tmp_path: Path) -> Iterator[Engine]:
    with fork(prod, tmp_path / "home") as forked:
        yield forked


def kinds_and_names(changes: dict[str, str]) -> set[tuple[str, str]]:
    """Return the kind and logical name of each changed resource."""
    return {(urn.split("::")[2].rpartition("$")[2], urn.rpartition("::")[2]) for urn in changes}


def source_and_function(*names: str) -> set[tuple[str, str]]:
    return {pair for name in names for pair in ((OBJECT, f"{name}-source"), (FUNCTION, f"{name}-function"))}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} no longer says {old!r}; adapt this test"
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_prod_comes_up_from_nothing(prod: Engine) -> None:
    assert prod.deployed is not None
    created = prod.deployed.changes
    assert set(created.values()) == {"create"}
    assert len(created) == len(prod.resources()) > 100
    recorded = {(each["type"], each["id"]) for each in prod.resources().values()}
    assert recorded == {(each.kind, each.id) for each in prod.cloud.all()}


def test_a_second_up_changes_nothing(engine: Engine) -> None:
    engine.cloud.forget_calls()
    result = engine.up("--expect-no-changes")
    assert result.code == 0, result.output
    assert result.changes == {}
    assert [engine.cloud.calls(op) for op in ("create", "update", "delete")] == [[], [], []]


def test_one_line_in_one_function_changes_its_object_and_itself(engine: Engine) -> None:
    declared = evaluate(engine.program, "prod").scope["checked"].blueprint.manifest.functions
    name, function = next(iter(declared.items()))
    main = engine.program / "functions" / function.folder / "main.py"
    main.write_text(main.read_text(encoding="utf-8") + "\n# one line more\n", encoding="utf-8")
    result = engine.up()
    assert result.code == 0, result.output
    assert kinds_and_names(result.changes) == source_and_function(name)


def test_a_change_in_the_library_changes_exactly_who_imports_it(engine: Engine) -> None:
    archives = evaluate(engine.program, "prod").scope["checked"].blueprint.archives
    shared = {file.path for archive in archives.values() for file in archive.files if file.path.endswith(".py")}
    users = {path: [n for n, a in archives.items() if path in {file.path for file in a.files}] for path in shared}
    path = min((path for path in users if path.startswith("shared/")), key=lambda path: (len(users[path]), path))
    assert 0 < len(users[path]) < len(archives)
    module = engine.program / "functions" / path
    module.write_text(module.read_text(encoding="utf-8") + "\n# one line more\n", encoding="utf-8")
    result = engine.preview()
    assert result.code == 0, result.output
    assert kinds_and_names(result.changes) == source_and_function(*users[path])


def test_the_policy_pack_passes_prod(prod: Engine) -> None:
    result = prod.preview("--policy-pack", "policies")
    assert result.code == 0, result.output
    assert "orchestration|local|policies" in result.output


def test_the_policy_pack_stops_a_violating_program(engine: Engine) -> None:
    edit(engine.program / "components" / "function.py", '"ALLOW_INTERNAL_ONLY"', '"ALLOW_ALL"')
    result = engine.up("--policy-pack", "policies")
    assert result.code != 0
    assert "ingress-internal" in result.output
    settings = [each.inputs["serviceConfig"]["ingressSettings"] for each in engine.cloud.all(FUNCTION)]
    assert set(settings) == {"ALLOW_INTERNAL_ONLY"}


def test_a_crash_in_the_middle_of_up_is_resumed(engine: Engine) -> None:
    gone = [each for each in engine.cloud.all() if each.kind in (TOPIC, FUNCTION)]
    for each in gone:
        engine.cloud.remove(each.kind, each.id)
    engine.cloud.fail("create", FUNCTION, after=2, action="hang")
    up = ["up", "--stack", "prod", "--yes", "--skip-preview", "--refresh", "--parallel", "4"]
    engine.kill_during(up, lambda: sum(kind == FUNCTION for kind, _ in engine.cloud.calls("create")) >= 3)
    engine.cloud.heal()
    assert engine.up().code != 0, "the lock of the killed update still stands"
    assert engine.run("cancel", "--stack", "prod", "--yes").code == 0
    settled = engine.refresh("--yes", "--skip-preview", "--clear-pending-creates")
    assert settled.code == 0, settled.output
    listing, imports = engine.home / "assets.json", engine.home / "import.json"
    listing.write_text(json.dumps(legacy.listings(engine.cloud)[0]), encoding="utf-8")
    found = engine.ops("adopt", "--resume", "--inventory", str(listing), "-o", str(imports))
    assert found.returncode == 0, found.stdout + found.stderr
    lost = {each["id"] for each in json.loads(imports.read_text())["resources"] if "id" in each}
    assert lost <= {each.id for each in gone}
    if lost:
        options = ("--file", str(imports), "--yes", "--skip-preview", "--protect=false", "--generate-code=false")
        done = engine.run("import", "--stack", "prod", *options)
        assert done.code == 0, done.output
    resumed = engine.up("--refresh")
    assert resumed.code == 0, resumed.output
    assert {each.id for each in gone} <= {each.id for each in engine.cloud.all()}
    again = engine.preview("--refresh", "--expect-no-changes")
    assert again.code == 0, again.output


def test_destroy_stops_at_what_holds_data(engine: Engine) -> None:
    before = {(each.kind, each.id) for each in engine.cloud.all()}
    result = engine.destroy()
    assert result.code != 0
    assert "protect" in result.output
    assert {(each.kind, each.id) for each in engine.cloud.all()} == before


def test_secrets_are_encrypted_in_state(engine: Engine) -> None:
    edit(
        engine.program / "components" / "program.py",
        'pulumi.export("functions"',
        'pulumi.export("hidden", pulumi.Output.secret("do not tell"))\n    pulumi.export("functions"',
    )
    assert engine.up().code == 0
    text = json.dumps(engine.state())
    assert '"hidden"' in text
    assert "do not tell" not in text


def test_renaming_a_kind_of_component_keeps_every_resource(engine: Engine) -> None:
    edit(engine.program / "components" / "topic.py", '"Topic"', '"PipelineTopic"')
    without = engine.preview()
    assert {"create", "delete"} & set(without.changes.values())
    edit(
        engine.program / "components" / "base.py",
        "FORMERLY: dict[str, tuple[str, ...]] = {}",
        'FORMERLY: dict[str, tuple[str, ...]] = {"PipelineTopic": ("Topic",)}',
    )
    renamed = engine.up()
    assert renamed.code == 0, renamed.output
    assert renamed.changes == {}
    assert all("orchestration:Topic$" not in urn for urn in engine.resources())
