"""The programs and the policy pack before the real provider: `make provider` runs these where it is on PATH.

Nothing leaves the machine: the provider gets a token that opens nothing, and a preview asks no cloud.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import pytest

from ops.embedded.engine import evaluate
from ops.provider_plugin import Plugin, available, running
from tests.engine import harness
from tests.engine.conftest import ROOT
from tests.engine.harness import Engine, Result
from tests.engine.test_bootstrap import SETTINGS
from tests.engine.test_equality import PARCELS
from tests.provider.cases import VERDICTS, cases
from tests.provider.verdicts import Judge

pytestmark = pytest.mark.plugin


@pytest.fixture(scope="session")
def plugin() -> Iterator[Plugin]:
    binary = available()
    assert binary
    with running(binary) as found:
        yield found


def test_what_is_recorded_of_the_provider_is_what_it_says(plugin: Plugin) -> None:
    from ops import provider_plugin

    assert provider_plugin.FILE.read_text(encoding="utf-8") == provider_plugin.record(plugin)


def test_the_provider_judges_every_case_as_recorded(plugin: Plugin) -> None:
    recorded, judge = json.loads(VERDICTS.read_text(encoding="utf-8")), Judge(plugin)
    found = {case.id: judge.verdict(case) for case in cases()}
    assert {name: (found[name], recorded.get(name)) for name in found if found[name] != recorded.get(name)} == {}
    assert len(found) > 500


class FirestoreAdmin(BaseHTTPRequestHandler):
    """Notes what it is asked to change, and says that it is done."""

    asked: ClassVar[list[dict[str, Any]]] = []

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        name = unquote(urlsplit(self.path).path).lstrip("/").removeprefix("v1/")
        self._answer({"name": "operations/1", "done": True, "response": {**body, "name": name}})

    def do_GET(self) -> None:
        self._answer(self.asked[-1] if self.asked else {})

    def _answer(self, document: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


def test_the_provider_sends_an_empty_index_configuration_which_exempts_a_collection() -> None:
    """An exemption that the provider left out of its call would leave every field indexed, and nothing would say so."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FirestoreAdmin)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        exempt = [
            each.inputs
            for each in evaluate(ROOT, "prod").registrations
            if each.type == "gcp:firestore/field:Field" and each.inputs["field"] == "*"
        ]
        assert exempt
        endpoint = {"firestoreCustomEndpoint": f"http://127.0.0.1:{server.server_address[1]}/"}
        binary = available()
        assert binary
        with running(binary, endpoint) as plugin:
            inputs, refused = plugin.check("gcp:firestore/field:Field", exempt[0], {})
            assert not refused
            plugin.created("gcp:firestore/field:Field", inputs)
    finally:
        server.shutdown()
    [body] = FirestoreAdmin.asked
    assert body["indexConfig"] in ({}, {"indexes": []})


EXTRA = """        gcp.projects.IAMMember(
            "extra",
            project=context.plan.stack.project,
            role="roles/resourcemanager.projectIamAdmin",
            member=pulumi.Output.secret("serviceAccount:a@elsewhere.iam.gserviceaccount.com"),
            opts=self.options(),
        )
        gcp.storage.BucketACL("acl", bucket="b", predefined_acl="publicRead", opts=self.options())
        self.register_outputs({})"""
SEEDED = (
    ("topic.py", "            labels=context.labels,\n", "", ("declared-as-implied", "labels-present")),
    (
        "base.py",
        "            protect=True if stateful else None,\n",
        '            protect=True if stateful else None,\n            ignore_changes=["labels"],\n',
        ("options-allowed",),
    ),
    (
        "source.py",
        "        self.register_outputs({",
        EXTRA.replace("{})", "{"),
        ("role-and-member-allowed", "kind-allowed", "declared-as-implied"),
    ),
)
"""File of a component, what is edited, and the rules that must refuse it."""


@pytest.mark.engine
@pytest.mark.slow
class TestPreviews:
    """From an empty state, and from one in which everything is there."""

    def test_prod_is_created_with_the_policy_pack(self, tmp_path: Path) -> None:
        engine = harness.real(ROOT, tmp_path / "home", "prod")
        created(engine, engine.preview("--policy-pack", "policies"))

    @pytest.mark.parametrize(("file", "old", "new", "rules"), SEEDED, ids=[rules[0] for *_, rules in SEEDED])
    def test_a_seeded_edit_is_refused(
        self, file: str, old: str, new: str, rules: tuple[str, ...], tmp_path: Path
    ) -> None:
        engine = harness.real(ROOT, tmp_path / "home", "prod")
        path = engine.program / "components" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        result = engine.preview("--policy-pack", "policies")
        assert result.code != 0
        assert [rule for rule in rules if f"[mandatory]  {rule}  " not in result.output] == []

    def test_prod_as_recorded_is_left_alone(self, prod: Engine, tmp_path: Path) -> None:
        engine = taken_over(prod, tmp_path / "home")
        result = engine.preview("--policy-pack", "policies")
        assert result.code == 0, result.output
        differing = [step for step in result.steps if step.urn in result.changes]
        # the twin stores no bytes, so what the provider hashes of an uploaded file is not what stands in the state
        assert {step.type for step in differing} <= {"gcp:storage/bucketObject:BucketObject"}
        assert {name for step in differing for name in step.changed} <= {"crc32c", "generation", "md5hash"}
        assert {step.urn for step in result.steps if step.op in ("same", "update")} >= planned(engine)

    def test_the_policy_pack_passes_what_stands_in_the_state(self, prod: Engine) -> None:
        found = prod.run("policy", "analyze", "--stack", "prod", "--policy-pack", "policies")
        assert found.code == 0, found.output

    def test_the_second_pipeline_is_created_with_the_policy_pack(self, tmp_path: Path) -> None:
        root = tmp_path / "parcels"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", ".venv", "tests", ".*cache", "docs"))
        shutil.rmtree(root / "schemas")
        for folder in (root / "functions").iterdir():
            if folder.is_dir() and folder.name != "shared":
                shutil.rmtree(folder)
        shutil.copytree(PARCELS, root, dirs_exist_ok=True)
        engine = harness.real(root, tmp_path / "home", "live")
        created(engine, engine.preview("--policy-pack", "policies"))

    def test_the_bootstrap_is_created_with_the_policy_pack(self, tmp_path: Path) -> None:
        engine = harness.real(ROOT / "bootstrap", tmp_path / "home", "access")
        created(engine, engine.preview("--policy-pack", str(ROOT / "policies"), *SETTINGS))


def planned(engine: Engine) -> set[str]:
    """Return what the offline plan says that a release creates, by URN."""
    plan = evaluate(engine.program, engine.stack)
    assert [str(each) for each in plan.findings if each.severity == "violation"] == []
    return {each.urn for each in plan.registrations if each.custom and each.type.startswith("gcp:")}


def created(engine: Engine, result: Result) -> None:
    assert result.code == 0, result.output
    assert set(result.changes.values()) == {"create"}
    assert {*result.changes} == planned(engine)
    assert "violation" not in result.output.lower()


def taken_over(source: Engine, home: Path) -> Engine:
    """Return an engine with the real provider that goes on from what the twin deployed."""
    for part in ("program", "state", "pulumi"):
        shutil.copytree(source.home / part, home / part, symlinks=True)
    return Engine(
        home=home, stack=source.stack, cloud=source.cloud, port=None, passphrase=source.passphrase, environment={}
    )
