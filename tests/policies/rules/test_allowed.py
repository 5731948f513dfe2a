"""A project that nobody can see is not the stack's own."""

from __future__ import annotations

from tests.policies.harness import DECLARED, UNKNOWN, said
from tests.policies.stack import TOPIC


def test_a_project_that_is_not_known_is_refused() -> None:
    assert said("own-project", TOPIC.with_("project", DECLARED.project)) == []
    assert said("own-project", TOPIC.with_("project", UNKNOWN)) == [
        "project is not known before the update, so nobody can judge it; state a plain value."
    ]
    assert len(said("own-project", TOPIC.with_("project", "b-project"))) == 1
