"""What the page of `ops report` costs: seconds to write it from a plan that is there, and how large the file is."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import note
from ops.page.document import Page, html
from ops.report.gather import gather

ROOT = Path(__file__).resolve().parents[1]
LONGEST, LARGEST = 5.0, 2.0
"""Seconds that it may take, and megabytes that it may have: it is opened on a phone."""


def main(_: Sequence[str] = ()) -> int:
    plan = gather(ROOT, "prod")
    assert plan.blueprint is not None
    page = Page(plan, plan.blueprint.manifest)
    html(page)  # Graphviz is compiled once for a machine
    began = time.perf_counter()
    text = html(Page(plan, plan.blueprint.manifest))
    seconds, size = time.perf_counter() - began, len(text.encode()) / 1e6
    note("page", f"the page of {len(plan.resources)} resources, written", seconds, "s", limit=LONGEST)
    note("page", "the same, its size", size, "MB", limit=LARGEST)
    print(f"{seconds:.2f} s, {size:.2f} MB")
    return 0 if seconds <= LONGEST and size <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
