"""Pages of the second pipeline for tests: sound with a change and a day, refused, and with hostile texts."""

from __future__ import annotations

from pathlib import Path

from blueprint.loader import read_manifest
from ops.change.model import (
    ArchiveChange,
    FileChange,
    Meaning,
    PlanDifference,
    PropertyChange,
    Resource,
)
from ops.page.document import Page, html
from ops.page.run import Run, RunEvent
from ops.report.gather import gather
from tests.pipelines.test_parcels import PARCELS, copy_parcels

HOSTILE = "<img src=x onerror=window.broken=1><script>window.broken=1</script>\u202e\"'`{{7*7}}</title></style>"
DIFFERENCE = PlanDifference(
    base="v1",
    head=HOSTILE,
    stack="live",
    meanings=(Meaning("start", f"Sorting starts on another rule. {HOSTILE}"),),
    resources=(
        Resource(
            "changed",
            "start",
            "pubsub.Subscription",
            HOSTILE,
            "Function start-sorting",
            HOSTILE,
            (PropertyChange("ackDeadlineSeconds", "600", "10", note=HOSTILE),),
        ),
    ),
    archives=(ArchiveChange("changed", "start-sorting", (FileChange("added", HOSTILE),)),),
)
RUN = Run(
    "A healthy day",
    "2026-01-29",
    f"Every boundary is triggered. {HOSTILE}",
    (
        RunEvent("2026-01-29T03:12:00+00:00", "intake_to_sorting", "completion", "counter_north", "", {"complete": 1, "expected": 2}),
        RunEvent("2026-01-29T03:14:00+00:00", "intake_to_sorting", "completion", HOSTILE, "", {"complete": 2, "expected": 2}),
        RunEvent("2026-01-29T03:14:01+00:00", "intake_to_sorting", "triggered", "parcels-sort", "all_in", {"messages": 1}),
        RunEvent("2026-01-29T03:15:00+00:00", "sorting_to_delivery", "late", "belt", "its deadline is over"),
    ),
)  # fmt: skip


def page(root: Path = PARCELS, difference: PlanDifference | None = None, run: Run | None = None) -> Page:
    plan = gather(root, "live")
    manifest = plan.blueprint.manifest if plan.blueprint else read_manifest(root)[0]
    return Page(plan, manifest, difference, run)


def edited(folder: Path, before: str, after: str) -> Path:
    """Copy the pipeline with one text of its declaration exchanged."""
    root = copy_parcels(folder)
    declaration = root / "pipeline.yaml"
    text = declaration.read_text(encoding="utf-8")
    assert before in text
    declaration.write_text(text.replace(before, after), encoding="utf-8")
    return root


def written(folder: Path) -> dict[str, Path]:
    """Write every page to a folder and return the files by name."""
    texts = {
        "sound": html(page()),
        "changed": html(page(difference=DIFFERENCE, run=RUN)),
        "refused": html(page(edited(folder / "a", "topic: parcels-sort\n", "topic: parcels-sorts\n"))),
        "unread": html(page(edited(folder / "b", "\npipeline: parcels", "\npipeline: [parcels"))),
        "hostile": html(page(edited(folder / "c", "title: Parcel flow", f"title: {yaml_text(HOSTILE)}"))),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


def yaml_text(text: str) -> str:
    """Return a text as YAML writes it in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\u202e", "\\u202e") + '"'
