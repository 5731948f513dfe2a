"""The orchestrators' own engine, run in a process of its own, so that a rule is written once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from blueprint.boundaries import Boundary
from blueprint.sources import OPERATORS_ENGINE, library_folder
from blueprint.view import function_view
from ops.operate.cloud import DataPlaneError
from ops.operate.target import Target

SECONDS = 300
Json = dict[str, Any]


def replay(target: Target, boundary: Boundary, date: str, completions: list[Json], *, again: bool, apply: bool) -> Json:
    """Return what the engine did for a date, or would do where `apply` is false; raises `DataPlaneError`."""
    request = {
        "view": function_view(target.manifest, boundary.function, target.names, target.root, target.firestore),
        "boundary": boundary.name,
        "date": date,
        "completions": completions,
        "again": again,
        "apply": apply,
    }
    library = library_folder(target.root, target.manifest).resolve()
    environment = {
        **os.environ,
        "PYTHONPATH": str(library.parent),
        "GCP_PROJECT_ID": target.stack.project,
        "ENVIRONMENT": target.stack.environment,
    }
    module = f"{library.name}/{OPERATORS_ENGINE}".removesuffix(".py").replace("/", ".")
    try:
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DataPlaneError(f"The engine did not finish within {SECONDS} s; what it did is in the document.") from None
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise DataPlaneError(f"The engine stopped: {last[0][:400]}")
    result: Json = json.loads(done.stdout)
    return result
