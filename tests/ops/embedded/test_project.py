"""Stack configuration is checked against its declared types, with places, before the program sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.findings import Refused
from ops.embedded import project

DECLARED = """name: small
runtime: python
config:
  text: {type: string}
  number: {type: integer, default: 4}
  flag: {type: boolean, default: false}
  several: {type: array, items: {type: string}, default: []}
  named: {type: object, default: {}}
"""


def load(root: Path, stack: str, declared: str = DECLARED) -> project.Project:
    (root / "Pulumi.yaml").write_text(declared)
    (root / "Pulumi.prod.yaml").write_text(stack)
    return project.load(root, "prod")


def refusals(root: Path, stack: str, declared: str = DECLARED) -> list[str]:
    with pytest.raises(Refused) as refused:
        load(root, stack, declared)
    return [f"{finding.at}: {finding.message}" for finding in refused.value.findings]


def test_values_arrive_as_the_engine_passes_them(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        "config:\n  small:text: hello\n  small:flag: true\n  small:named: {a: {b: 1}}\n  small:several: [x]\n  gcp:zone: z\n",
    )
    assert found.name == "small"
    assert found.config == {
        "small:text": "hello",
        "small:flag": "true",
        "small:named": '{"a":{"b":1}}',
        "small:several": '["x"]',
        "small:number": "4",
        "gcp:zone": "z",
    }


def test_secure_values_are_set_apart(tmp_path: Path) -> None:
    found = load(tmp_path, "config:\n  small:text: {secure: v1:abc}\n")
    assert found.secrets == ("small:text",)
    assert "small:text" not in found.config


def test_disabled_providers(tmp_path: Path) -> None:
    found = load(tmp_path, "config:\n  small:text: x\n  pulumi:disable-default-providers: [gcp, '*']\n")
    assert found.disabled_providers == {"gcp", "*"}


@pytest.mark.parametrize(
    ("values", "place", "sentence"),
    [
        (
            "small:number: 1",
            "2:3",
            "The stack does not set 'text', which Pulumi.yaml:4:3 declares; add `small:text: ...`.",
        ),
        (
            "small:text: x\n  small:tetx: y",
            "3:3",
            "The stack sets 'tetx', which Pulumi.yaml does not declare; its keys are: flag, named, number, several, text.",
        ),
        (
            "small:text: [x]",
            "2:15",
            "'text' must be text, as Pulumi.yaml:4:3 declares it.",
        ),
        (
            "small:text: x\n  small:number: true",
            "3:17",
            "'number' must be a whole number, as Pulumi.yaml:5:3 declares it.",
        ),
        (
            "small:text: x\n  small:flag: 'no'",
            "3:15",
            "'flag' must be true or false, as Pulumi.yaml:6:3 declares it.",
        ),
        (
            "small:text: x\n  small:several: [1]",
            "3:18",
            "'several' must be a list of text, as Pulumi.yaml:7:3 declares it.",
        ),
        (
            "small:text: x\n  small:named: y",
            "3:16",
            "'named' must be a mapping, as Pulumi.yaml:8:3 declares it.",
        ),
    ],
)
def test_each_mistake_is_one_sentence_with_its_place(tmp_path: Path, values: str, place: str, sentence: str) -> None:
    assert refusals(tmp_path, f"config:\n  {values}\n") == [f"Pulumi.prod.yaml:{place}: {sentence}"]


def test_a_project_under_another_name_is_one_sentence(tmp_path: Path) -> None:
    declared = "name: big\nruntime: python\nconfig: {text: {type: string}, other: {type: string}}\n"
    assert refusals(tmp_path, "config:\n  small:text: x\n  small:other: y\n", declared) == [
        "Pulumi.prod.yaml:2:3: The stack does not set 'text', 'other', which Pulumi.yaml declares; add each as `big:NAME: ...`, or call the project 'small', whose values it sets."
    ]


@pytest.mark.parametrize("value", ["", "gcp", "[1]", "{gcp: true}"])
def test_the_engines_own_list_is_a_list(tmp_path: Path, value: str) -> None:
    assert refusals(tmp_path, f"config:\n  small:text: x\n  pulumi:disable-default-providers: {value}\n") == [
        "Pulumi.prod.yaml:3:3: 'pulumi:disable-default-providers' must be a list of the providers that the program could use: gcp or *."
    ]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    assert len(refusals(tmp_path, "config:\n  small:text: [x]\n  small:number: x\n  small:other: x\n")) == 3


@pytest.mark.parametrize(
    "declared", ["name: small\nconfig: {text: {type: str}}\n", "runtime: python\n", "[]\n", "a: [\n"]
)
def test_a_bad_project_file_is_refused(tmp_path: Path, declared: str) -> None:
    assert refusals(tmp_path, "config: {}\n", declared)


def test_a_missing_stack_names_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    with pytest.raises(Refused, match=r"There is no stack 'prod': Pulumi.prod.yaml is missing; stacks are: dev\."):
        project.load(tmp_path, "prod")
