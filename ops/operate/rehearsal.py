"""What a repair of one boundary's date would come to, in one sentence: the engine's own run, without its writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blueprint.boundaries import Boundary
from ops.operate.cloud import DataPlane, DataPlaneError
from ops.operate.engine import replay
from ops.operate.recorded import lease_until, messages
from ops.operate.target import Target


@dataclass(frozen=True)
class Net:
    """The net effect of a run of the engine.

    Attributes:
        starts: whether the date's trigger is published.
        reason: the rule that held, where one did.
        blocks: what each gate that blocks says.
        leased: until when another attempt holds the date; empty where none does.
        open: why no rule holds, where none does.
    """

    starts: bool
    reason: str = ""
    blocks: tuple[str, ...] = ()
    leased: str = ""
    open: str = ""

    @property
    def sentence(self) -> str:
        """Return why the next phase would not start; empty where it would."""
        if self.blocks:
            return f"{' and '.join(self.blocks)}"
        if self.leased:
            return f"another attempt is publishing; its lease ends at {self.leased}"
        return self.open


def net_of(result: dict[str, Any], document: dict[str, Any] | None) -> Net:
    """Return what a result of the engine comes to; `document` is the date's, as it is stored."""
    outcomes = result["outcomes"]
    last: dict[str, Any] = next((each for each in outcomes if each["status"] == "triggered"), outcomes[-1])
    if last["status"] == "triggered":
        return Net(True, reason=str(last["note"]))
    if last["status"] == "blocked":
        said = [f"gate {each['gate']} blocks: {each['detail']}" for each in last["gates"] if each["blocks"]]
        return Net(False, blocks=tuple(said))
    if last["status"] == "busy":
        until = lease_until(document or {})
        return Net(False, leased=f"{until:%H:%M:%S} UTC" if until else "an unknown time")
    return Net(False, open=str(last["note"]))


def rehearse(target: Target, cloud: DataPlane, boundary: Boundary, date: str) -> Net:
    """Return what a repair would come to; raises `DataPlaneError` where that cannot be told."""
    given = list(messages(target, cloud, boundary, date))
    result = replay(target, boundary, date, given, again=False, apply=False)
    if result["failure"]:
        raise DataPlaneError(str(result["failure"]))
    return net_of(result, cloud.document(target.manifest.phases[boundary.upstream].collection, date))
