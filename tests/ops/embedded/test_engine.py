"""The embedded engine records what an engine is sent and refuses what an engine or the provider refuses."""

from __future__ import annotations

import pytest

from ops.embedded.engine import Evaluation, evaluate, stack_outputs
from ops.embedded.record import Registration
from tests.ops.conftest import PRELUDE, Build, Run

FUNCTION = """
account = gcp.serviceaccount.Account("runner", account_id="the-runner", opts=own)
function = gcp.cloudfunctionsv2.Function(
    "worker", name="worker", location="europe-west1",
    build_config={"runtime": "python311", "entry_point": "run",
                  "source": {"storage_source": {"bucket": "sources", "object": "worker.zip"}}},
    service_config={"service_account_email": account.email, "available_memory": "512Mi"}, opts=own)
"""


def named(evaluation: Evaluation, name: str) -> Registration:
    [found] = [each for each in evaluation.registrations if each.name == name]
    return found


def sentences(evaluation: Evaluation) -> list[str]:
    return [finding.message for finding in evaluation.findings]


class TestRecording:
    def test_urns_carry_the_types_of_all_ancestors_but_the_stack(self, run: Run) -> None:
        found = run(
            """
            class Outer(pulumi.ComponentResource):
                def __init__(self):
                    super().__init__("own:index:Outer", "outer", None, own)
                    gcp.pubsub.Topic("inner", name="inner", opts=pulumi.ResourceOptions(parent=self))
            Outer()
            """
        )
        assert [each.urn for each in found.registrations] == [
            "urn:pulumi:prod::small::own:index:Outer$gcp:pubsub/topic:Topic::inner",
            "urn:pulumi:prod::small::own:index:Outer::outer",
            "urn:pulumi:prod::small::pulumi:providers:gcp::provider",
            "urn:pulumi:prod::small::pulumi:pulumi:Stack::small-prod",
        ]
        assert named(found, "inner").parent == named(found, "outer").urn
        assert sentences(found) == []

    def test_inputs_carry_wire_names_and_whole_numbers(self, run: Run) -> None:
        found = run(
            """
            gcp.pubsub.Subscription("pull", name="pull", topic="t", ack_deadline_seconds=60,
                                    expiration_policy={"ttl": ""}, opts=own)
            """
        )
        assert named(found, "pull").inputs == {
            "ackDeadlineSeconds": 60,
            "expirationPolicy": {"ttl": ""},
            "name": "pull",
            "topic": "t",
        }

    def test_who_depends_on_a_component_depends_on_its_children(self, run: Run) -> None:
        found = run(
            """
            class Outer(pulumi.ComponentResource):
                def __init__(self):
                    super().__init__("own:index:Outer", "outer", None, own)
                    for number in range(200):
                        gcp.pubsub.Topic(f"inner{number}", name=f"inner{number}", opts=pulumi.ResourceOptions(parent=self))
            gcp.pubsub.Topic("last", name="last", opts=pulumi.ResourceOptions(provider=provider, depends_on=[Outer()]))
            """
        )
        inner = sorted(each.urn for each in found.registrations if each.name.startswith("inner"))
        assert len(inner) == 200
        assert named(found, "last").options["dependencies"] == inner

    def test_options_are_recorded(self, run: Run) -> None:
        found = run(
            """
            topic = gcp.pubsub.Topic("first", name="first", opts=own)
            gcp.pubsub.Topic("second", name="second", opts=pulumi.ResourceOptions(
                provider=provider, depends_on=[topic], protect=True, retain_on_delete=True, ignore_changes=["labels"],
                delete_before_replace=True, replacement_trigger=topic.id, aliases=[pulumi.Alias(name="old")]))
            """
        )
        first, options = named(found, "first"), named(found, "second").options
        assert options == {
            "additionalSecretOutputs": ["effectiveLabels", "pulumiLabels"],
            "aliases": [{"name": "old"}],
            "deleteBeforeReplace": True,
            "dependencies": [first.urn],
            "ignoreChanges": ["labels"],
            "protect": True,
            "provider": "urn:pulumi:prod::small::pulumi:providers:gcp::provider",
            "replacementTrigger": {"$ref": first.urn, "property": "id"},
            "retainOnDelete": True,
            "version": "10.2.0",
        }

    def test_the_line_that_declares_a_resource_is_known(self, run: Run) -> None:
        found = run('gcp.pubsub.Topic("here", name="here", opts=own)')
        line = PRELUDE.count("\n") + 1
        assert str(named(found, "here").source) == f"__main__.py:{line}"

    def test_what_the_stack_exports_is_recorded(self, run: Run) -> None:
        assert stack_outputs(run('pulumi.export("answer", 42)')) == {"answer": 42}

    def test_one_evaluation_leaves_nothing_behind_for_the_next(self, project: Build) -> None:
        root = project('gcp.pubsub.Topic("again", name="again", opts=own)')
        first, second = evaluate(root, "prod"), evaluate(root, "prod")
        assert first.registrations == second.registrations
        assert first.findings == second.findings == ()


class TestReferences:
    def test_a_property_of_another_resource_is_shown_as_a_reference(self, run: Run) -> None:
        found = run(FUNCTION)
        assert named(found, "worker").inputs["serviceConfig"] == {
            "serviceAccountEmail": {"$ref": named(found, "runner").urn, "property": "email"},
            "availableMemory": "512Mi",
        }

    def test_text_around_a_reference_is_kept(self, run: Run) -> None:
        found = run(
            FUNCTION
            + """
gcp.cloudrunv2.ServiceIamMember("call", name=function.service_config.service, location="europe-west1",
                                role="roles/run.invoker", opts=own,
                                member=account.email.apply(lambda email: f"serviceAccount:{email}"))
"""
        )
        inputs = named(found, "call").inputs
        assert inputs["name"] == {"$ref": named(found, "worker").urn, "property": "serviceConfig.service"}
        assert inputs["member"] == {
            "$concat": ["serviceAccount:", {"$ref": named(found, "runner").urn, "property": "email"}]
        }

    def test_an_input_given_as_text_is_known_downstream(self, run: Run) -> None:
        found = run(
            """
            topic = gcp.pubsub.Topic("topic", name="the-name", opts=own)
            gcp.pubsub.Subscription("pull", name="pull", topic=topic.name.apply(str.upper), opts=own)
            """
        )
        assert named(found, "pull").inputs["topic"] == "THE-NAME"

    @pytest.mark.parametrize(
        "computed",
        [
            'topic.id.apply(lambda text: text.split("/")[-1])',
            "topic.id.apply(lambda text: text[3:])",
            'topic.id.apply(lambda text: f"x-{text}".upper())',
            'topic.id.apply(lambda text: "yes" if "x" in text else "no")',
            'topic.id.apply(lambda text: f"x{text}"[:-3])',
        ],
    )
    def test_what_is_computed_from_a_reference_is_unknown_and_never_a_guess(self, run: Run, computed: str) -> None:
        found = run(
            f"""
            topic = gcp.pubsub.Topic("topic", name="topic", opts=own)
            gcp.pubsub.Subscription("pull", name={computed}, topic="t", opts=own)
            """
        )
        assert sentences(found) == []
        assert named(found, "pull").inputs["name"] == {"$unknown": [named(found, "topic").urn]}

    def test_what_is_no_text_is_unknown(self, run: Run) -> None:
        found = run(
            """
            bucket = gcp.storage.Bucket("b", name="a-bucket", location="EU", opts=own)
            pulumi.export("number", bucket.project_number)
            """
        )
        assert stack_outputs(found) == {"number": {"$unknown": []}}

    def test_the_text_of_planned_values_decides_nothing(self, project: Build) -> None:
        root = project(FUNCTION)
        assert evaluate(root, "prod", salt=0).registrations == evaluate(root, "prod", salt=3).registrations


class TestSecrets:
    def test_secrets_are_never_shown(self, run: Run) -> None:
        found = run(
            """
            gcp.secretmanager.SecretVersion("v", secret="s", secret_data=pulumi.Output.secret("hunter2"), opts=own)
            pulumi.export("text", pulumi.Output.secret("hunter2"))
            """
        )
        assert named(found, "v").inputs["secretData"] == "[secret]"
        assert stack_outputs(found) == {"text": "[secret]"}

    def test_a_secure_value_of_the_stack_needs_no_key(self, project: Build) -> None:
        root = project(
            'pulumi.export("t", pulumi.Config().get("token")); pulumi.export("u", pulumi.Config().get_secret("token"))',
            project="name: small\nruntime: python\nconfig: {token: {type: string, secret: true}}\n",
            stack="config:\n  small:token: {secure: v1:abc:def}\n",
        )
        assert stack_outputs(evaluate(root, "prod")) == {"t": "[secret]", "u": "[secret]"}


class TestStrictness:
    """Each fault is seeded into a program that is otherwise sound."""

    def test_duplicate_urn(self, run: Run) -> None:
        found = run(
            """
            gcp.pubsub.Topic("twice", name="one", opts=own)
            gcp.pubsub.Topic("twice", name="two", opts=own)
            """
        )
        assert sentences(found) == [
            "Resource 'twice' (gcp:pubsub/topic:Topic) is declared twice; give one of the two another name."
        ]
        assert found.findings[0].at.line == PRELUDE.count("\n") + 3

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (
                'push_config={"push_endpont": "https://x", "push_endpoint": "https://x"}',
                "`pushConfig.push_endpont` does not exist",
            ),
            ("push_config={}", "`pushConfig.pushEndpoint` is required"),
            ('ack_deadline_seconds="soon"', "`ackDeadlineSeconds` must be an integer"),
            ("ack_deadline_seconds=5", "`ackDeadlineSeconds` must be"),
        ],
    )
    def test_inputs_the_provider_refuses(self, run: Run, arguments: str, sentence: str) -> None:
        found = run(f'gcp.pubsub.Subscription("s", name="the-sub", topic="t", opts=own, {arguments})')
        [message] = sentences(found)
        assert message.startswith(
            "Resource 's' (gcp:pubsub/subscription:Subscription) would be refused by the provider"
        )
        assert sentence in message

    def test_missing_required_input(self, run: Run) -> None:
        [message] = sentences(run('gcp.pubsub.Subscription("s", name="the-sub", opts=own)'))
        assert "topic" in message

    def test_unknown_keyword(self, run: Run) -> None:
        [message] = sentences(run('gcp.pubsub.Topic("s", name="the-topic", lables={}, opts=own)'))
        assert "lables" in message

    def test_default_provider(self, run: Run) -> None:
        assert sentences(run('gcp.pubsub.Topic("t", name="the-topic")')) == [
            "Resource 't' (gcp:pubsub/topic:Topic) has no provider, and the default one of gcp is disabled."
        ]

    def test_look_ups(self, run: Run) -> None:
        [finding] = run(
            """
            opts = pulumi.InvokeOutputOptions(provider=provider)
            gcp.organizations.get_project_output(project_id="p", opts=opts).number
            """
        ).findings
        assert finding.rule == "look-up"
        assert "stack configuration" in finding.message

    def test_reads(self, run: Run) -> None:
        [finding] = run('gcp.pubsub.Topic.get("t", "projects/p/topics/t", opts=own)').findings
        assert finding.rule == "look-up"

    def test_all_faults_are_told_at_once(self, run: Run) -> None:
        found = run(
            """
            gcp.pubsub.Topic("a", name="a/b", opts=own)
            gcp.pubsub.Topic("b", name="good", labels={"x": 1, "Y": "z"}, opts=own)
            pulumi.log.error("And this.")
            """
        )
        assert len(found.findings) >= 3

    def test_a_program_that_raises_gives_one_sentence_and_its_line(self, run: Run) -> None:
        [finding] = run('raise ValueError("the reason")').findings
        assert finding.message == "The program fails with ValueError: the reason."
        assert finding.at.file == "__main__.py"
        assert finding.at.line == PRELUDE.count("\n") + 1

    def test_a_file_that_the_system_refuses_is_named_with_the_reason(self, run: Run) -> None:
        [finding] = run('open("/proc/self/nothing")').findings
        assert finding.message == "'/proc/self/nothing' cannot be used: no such file or directory. Correct that."

    def test_an_apply_that_raises_gives_one_sentence(self, run: Run) -> None:
        [finding] = run('pulumi.Output.from_input(1).apply(lambda _: {}["missing"])').findings
        assert "KeyError" in finding.message

    def test_an_exit_without_reason_is_refused(self, run: Run) -> None:
        [finding] = run("raise SystemExit(4)").findings
        assert "SystemExit" in finding.message


def test_a_program_imports_what_lies_beside_it(project: Build) -> None:
    root = project('import beside_it\ngcp.pubsub.Topic("t", name=beside_it.NAME, opts=own)')
    (root / "beside_it.py").write_text('NAME = "one"\n')
    found = evaluate(root, "prod")
    assert [str(each) for each in found.findings] == []
    assert "one" in {each.inputs.get("name") for each in found.registrations}
