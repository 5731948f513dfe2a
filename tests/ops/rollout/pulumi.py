"""As much of the `pulumi` command as a release calls, on the twin: releases are tried where the CLI is absent.

The same tests run on the CLI where it is there. A plan holds what the program declares; an update by it that would do anything
else is refused, as the engine does. State, history and cloud are in the folder that `TWIN` names.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from ops.embedded.engine import evaluate
from tests.engine.twin.cloud import Cloud
from tests.engine.twin.deployment import Aborted, deploy

HOME, VARIABLE = "home.json", "TWIN"


def main() -> int:
    parser = argparse.ArgumentParser(prog="pulumi", allow_abbrev=False)
    for option in ("--stack", "--save-plan", "--plan", "--message", "--policy-pack", "--parallel", "--color"):
        parser.add_argument(option)
    for flag in ("--non-interactive", "--diff", "--refresh", "--yes", "--skip-preview", "--json"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("words", nargs="+")
    given = parser.parse_args()
    home = Path(os.environ[VARIABLE])
    kept: dict[str, Any] = {"history": [], "record": {}}
    if (home / HOME).exists():
        kept = json.loads((home / HOME).read_text(encoding="utf-8"))
    match given.words:
        case ["stack", "history"]:
            print(json.dumps(kept["history"]))
        case ["preview"]:
            Path(given.save_plan).write_text(_declared(given.stack), encoding="utf-8")
        case ["up"]:
            if Path(given.plan).read_text(encoding="utf-8") != _declared(given.stack):
                sys.exit("error: resource violates plan")
            kept["record"] = deploy(Path.cwd(), given.stack, Cloud(home / "cloud.sqlite"), kept["record"])
            kept["history"].insert(0, {"kind": "update", "result": "succeeded", "message": given.message})
            (home / HOME).write_text(json.dumps(kept), encoding="utf-8")
        case words:
            sys.exit(f"error: a release does not call pulumi {' '.join(words)}")
    return 0


def _declared(stack: str) -> str:
    plan = evaluate(Path.cwd(), stack)
    refused = [str(each) for each in plan.findings if each.severity == "violation"]
    if refused:
        sys.exit("error: " + "\n".join(refused))
    return json.dumps([each.as_json() for each in plan.registrations])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Aborted as aborted:
        sys.exit(f"error: {aborted}")
