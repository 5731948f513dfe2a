"""The cells of the matrix: what holds for the second pipeline, and what each says once its resource is another or gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops.embedded.record import Registration
from ops.page.document import Page
from ops.page.guarantees import GUARANTEES, Cell, PlannedFunction
from tests.ops.page import pages


@pytest.fixture(scope="module")
def page() -> Page:
    return pages.page()


def test_everything_holds_for_a_sound_plan(page: Page) -> None:
    rows = {row.name: [cell.answer for cell in row.cells] for row in page.matrix}
    assert set(rows) == {"start-sorting", "start-delivery", "watch-parcels"}
    assert set(rows["start-sorting"]) == {"holds"}
    clocked = dict(zip(GUARANTEES, rows["watch-parcels"], strict=True))
    assert [name for name, answer in clocked.items() if answer != "holds"] == [
        "Nothing is lost",
        "Judged without messages",
    ]
    assert {clocked["Nothing is lost"], clocked["Judged without messages"]} == {"not needed"}


def judged(page: Page, guarantee: str, edit: Callable[[Registration], Registration | None]) -> Cell:
    assert page.plan.blueprint
    assert page.known
    edited = [found for each in page.known.of_function("start-sorting") if (found := edit(each))]
    declared = page.plan.blueprint.manifest.functions["start-sorting"]
    return GUARANTEES[guarantee](PlannedFunction(page.plan, declared, edited))


def of(kind: str, **inputs: Any) -> Callable[[Registration], Registration | None]:
    """Return an edit of the resources of a kind: other inputs, or none of them at all."""

    def edit(each: Registration) -> Registration | None:
        if not each.type.endswith(f":{kind}"):
            return each
        return replace(each, inputs={**each.inputs, **inputs}) if inputs else None

    return edit


@pytest.mark.parametrize(
    ("guarantee", "edit", "answer"),
    [
        ("Identity of its own", of("Function", serviceConfig={"serviceAccountEmail": {"$ref": "urn:other"}}), "does not hold"),
        ("Identity of its own", of("Function"), "not known"),
        ("Called only by ours", of("ServiceIamMember", member="allUsers"), "does not hold"),
        ("Called only by ours", of("ServiceIamMember"), "not known"),
        ("Tried again", of("Subscription", retryPolicy=None), "does not hold"),
        ("Tried again", of("Subscription"), "not known"),
        ("Nothing is lost", of("Subscription", deadLetterPolicy=None), "does not hold"),
        ("Nothing is lost", of("Subscription", topic="elsewhere"), "does not hold"),
        ("Nothing is lost", of("Subscription"), "not known"),
        ("Caller waits long enough", of("Subscription", ackDeadlineSeconds=10), "does not hold"),
        ("Caller waits long enough", of("Subscription"), "not known"),
        ("Watched", of("AlertPolicy"), "does not hold"),
    ],
)  # fmt: skip
def test_what_is_gone_or_another_is_told(page: Page, guarantee: str, edit: Any, answer: str) -> None:
    assert judged(page, guarantee, lambda each: each).answer == "holds"
    assert judged(page, guarantee, edit).answer == answer
