"""What the engine did for a date, or would do, write by write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ops.terminal import Style, clip


def done_lines(result: dict[str, Any], applied: bool, style: Style) -> Iterator[str]:
    """Yield the outcomes that say something, each write with its fields, each publication."""
    told: set[tuple[str, str]] = set()
    for outcome in result["outcomes"]:
        said = (outcome["status"], outcome["note"])
        if outcome["status"] != "done" and said not in told:
            told.add(said)
            yield f"  {outcome['status']}: {outcome['note']}"
    write, publish = ("wrote", "published") if applied else ("would write", "would publish")
    for each in result["writes"]:
        yield f"  {write}  {style.paint(each['document'], 'bold')}"
        for name, value in each["fields"].items():
            yield clip(f"      {name} = {json.dumps(value, ensure_ascii=False)}", style.width)
    for each in result["publications"]:
        attributes = " ".join(f"{key}={value}" for key, value in sorted(each["attributes"].items()))
        yield f"  {publish}  {style.paint(each['topic'], 'bold')}  {attributes}"
        yield clip(f"      {json.dumps(each['data'], ensure_ascii=False)}", style.width)
