"""The program: load the declaration, check every contract, declare every component."""

from pathlib import Path

import pulumi

from blueprint.check import check
from blueprint.findings import Refused
from components.program import declare, stack_settings

checked = check(Path(__file__).resolve().parent, stack_settings())
try:
    plan = checked.sound()
except Refused as refused:
    raise pulumi.RunError(str(refused)) from None
declare(plan)
