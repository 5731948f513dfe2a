"""Names are cut in the unit in which the platform counts."""

from __future__ import annotations

import pytest

from blueprint.names import clipped


@pytest.mark.parametrize(("text", "bytes_kept"), [("é" * 60, 100), ("試" * 43, 99), ("a" * 101, 100), ("plain", 5)])
def test_what_is_cut_fits_in_bytes_and_stays_text(text: str, bytes_kept: int) -> None:
    cut = clipped(text, 100)
    assert len(cut.encode()) == bytes_kept
    assert text.startswith(cut)
