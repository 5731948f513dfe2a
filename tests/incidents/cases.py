"""The recorded failures as data: `cases.yaml` holds what must be refused, `benign.yaml` what looks alike and must pass.

The pages of docs/rules show them too; `ops/drills/cases.py` does and judges them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.acceptance import KEPT
from ops.drills.cases import Case

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
TODAY = date(2026, 11, 21)


def load(name: str) -> list[Case]:
    """Return the cases of a file beside this one."""
    cases: list[Case] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return cases


REFUSED = load("cases.yaml")
BENIGN = load("benign.yaml")
ENVIRONMENTS = KEPT / "environments"
"""What archives are started in; made once, in this checkout."""


def of(form: str, cases: Iterable[Case]) -> list[Any]:
    """Return the cases of one form (`edits`, `starts`, `resource` or `alert`) as parameters of a test.

    A case that names a function under `starts` is an edit that only a start of its archive tells.
    """
    return [
        pytest.param(case, id=f"{case.get('incident', 'benign')}-{case['rule']}-{case['what'][:40]}")
        for case in cases
        if form in case and (form == "starts" or "starts" not in case)
    ]
