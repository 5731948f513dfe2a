"""What a month costs: quantities follow from the plan, prices from a dated list, and what has none is not known."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from blueprint.findings import Refused
from ops.__main__ import main
from ops.cost import PRICES, read_prices

PIPELINES = Path(__file__).resolve().parents[1] / "pipelines"
METERS = PIPELINES / "meters"


def told(
    capsys: pytest.CaptureFixture[str], *words: str, pipeline: str = "meters", stack: str = "pune"
) -> dict[str, dict[str, object]]:
    capsys.readouterr()
    assert main(["cost", "--root", str(PIPELINES / pipeline), "--stack", stack, "--json", *words]) == 0
    content = json.loads(capsys.readouterr().out)
    return {each["what"]: each for each in content["lines"]} | {"": content}


def test_quantities_are_declared_or_assumed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, "--completions", "100", "--seconds", "2")
    assert (lines["scheduler jobs"]["quantity"], lines["scheduler jobs"]["month"]) == (1, 0.10)
    calls = 100 * 30 + 12 * 24 * 30  # one topic's completions, and a schedule of every five minutes
    assert lines["calls of functions"]["quantity"] == calls / 1e6
    assert lines["memory of functions"]["quantity"] == calls * 2 * 0.5
    deliveries = 100 * 30 * ((1 + 2) + (1 + 1))  # read by a function and a stream, billed by a stream
    assert lines["completions, published and delivered"]["quantity"] == pytest.approx(deliveries * 1000 / 2**40)


def test_what_has_no_price_is_not_known_and_not_free(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = told(capsys, pipeline="parcels", stack="live")
    assert lines["alerting"]["month"] is None
    assert lines["memory of functions"]["month"] is not None
    elsewhere = tmp_path / "prices.yaml"
    elsewhere.write_text(PRICES.read_text().replace("scheduler-job", "another"))
    lines = told(capsys, "--prices", str(elsewhere))
    assert (lines["memory of functions"]["month"], lines["memory of functions"]["why"]) == (None, "the list has no `run-gibibyte-second` for asia-south1")  # fmt: skip
    assert lines["scheduler jobs"]["why"] == "the list has no `scheduler-job`"


def test_text_says_what_is_assumed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--root", str(METERS), "--stack", "pune"]) == 0
    output = capsys.readouterr().out
    assert "Not checked against its page: the price of calls of functions." in output
    assert "At least" in output
    assert "Assumed: 200 completions a day on each of 2 topics, 1 s a call" in output
    assert "alerting are not known" not in output


def test_the_list_is_dated_and_each_price_has_its_source() -> None:
    seen, prices = read_prices(PRICES)
    assert isinstance(seen, date)
    assert all(each.price > 0 and each.source.startswith("https://cloud.google.com/") for each in prices.values())


@pytest.mark.parametrize("text", ["", "prices: 3", "seen: 2026-01-01\nprices: {a: {cost: 3}}", "{"])
def test_a_list_that_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(Refused, match="list of prices cannot be read"):
        read_prices(tmp_path / "p.yaml")


@pytest.mark.parametrize("option", ["--completions", "--seconds"])
@pytest.mark.parametrize("given", ["-5", "nan", "inf", "many", "1e400"])
def test_what_is_no_quantity_is_wrong_usage(option: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["cost", "--root", str(METERS), "--stack", "pune", f"{option}={given}"])
    assert f"argument {option}: '{given}' is no number of zero or more." in capsys.readouterr().err
    assert told(capsys, f"{option}=0")[""]
