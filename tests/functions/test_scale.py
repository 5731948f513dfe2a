"""The table in docs/scale.md is the one that the simulation gives."""

from __future__ import annotations

import pytest

from bench import scale


@pytest.mark.slow
def test_the_page_holds_the_current_table() -> None:
    page = scale.DOC.read_text("utf-8")
    assert page == scale.written(page, scale.table()), "run: python -m bench.scale --write"
