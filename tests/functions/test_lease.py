"""A lease lasts as long as the calls under it may take: shorter, a slow attempt is repeated; longer, a kill costs time."""

from __future__ import annotations

import pytest
from shared.google import bigquery
from shared.google.firestore import READ_SECONDS, WRITE_SECONDS
from shared.google.pubsub import PUBLISH_SECONDS
from shared.orchestration import runner

from tests.functions.views import ORCHESTRATORS, boundary


@pytest.mark.parametrize("name", ORCHESTRATORS)
def test_a_lease_outlasts_its_calls_and_not_much_more(name: str) -> None:
    declared = boundary(name)
    gates = len(declared.gates or ())
    calls = 2 * PUBLISH_SECONDS + READ_SECONDS + WRITE_SECONDS + 2 * bigquery.QUERY_SECONDS * gates
    assert calls < runner.lease(600, declared) <= calls + 20 + 5 * gates < 300
    assert runner.lease(3, declared) == 3, "never longer than what is declared"
