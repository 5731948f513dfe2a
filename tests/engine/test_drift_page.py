"""The page on drift speaks of every kind that prod declares."""

from __future__ import annotations

import os

from ops.embedded.engine import evaluate
from tests.engine import drifts
from tests.engine.conftest import ROOT

PAGE = ROOT / "docs" / "drift.md"


def test_the_page_covers_every_declared_kind() -> None:
    declared = {each.type for each in evaluate(ROOT, "prod").registrations if each.custom}
    page = drifts.page(kind for kind in declared if kind.startswith("gcp:"))
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "run this test with WRITE_DOCS=1 and review the difference"
