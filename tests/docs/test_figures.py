"""The page of figures is what was measured, and nothing else; a figure above its limit says so."""

from __future__ import annotations

import json

import pytest

from bench import __main__ as command
from bench import figures
from bench.figures import PAGE, RECORD, Figure, merged, page


def test_the_page_is_what_was_recorded() -> None:
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    assert len(recorded["figures"]) > 20
    assert PAGE.read_text(encoding="utf-8") == page(recorded)


@pytest.mark.parametrize(
    ("figure", "ratio", "above"),
    [
        (Figure("m", "n", 3.0, "s", floor=2.0, limit=1.4), 1.5, True),
        (Figure("m", "n", 3.0, "s", floor=2.0, limit=1.5), 1.5, False),
        (Figure("m", "n", 3.0, "s", limit=2.0), None, True),
        (Figure("m", "n", 0, "", limit=0), None, False),
        (Figure("m", "n", 3.0, "s"), None, False),
    ],
)
def test_a_figure_is_held_to_its_limit(figure: Figure, ratio: float | None, above: bool) -> None:
    assert (figure.ratio, figure.above) == (ratio, above)
    assert figure.row()[-1] == ("above" if above else "")


def test_what_is_measured_again_takes_the_place_of_what_was() -> None:
    old = [{"measurement": "a", "name": "x"}, {"measurement": "a", "name": "gone"}, {"measurement": "b", "name": "y"}]
    found = merged({"figures": old, "machine": "1"}, {"figures": [{"measurement": "a", "name": "z"}], "machine": "2"})
    assert [each["name"] for each in found["figures"]] == ["z", "y"]
    assert found["machine"] == "2"


def test_a_measurement_that_does_not_exist_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["nothing"]) == 2
    assert "There is no measurement nothing; there are: alerts, " in capsys.readouterr().err
    assert not any(each.measurement == "nothing" for each in figures.noted)
