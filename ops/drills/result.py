"""What came of one drill."""

from __future__ import annotations

from dataclasses import dataclass

from blueprint.findings import Finding


@dataclass(frozen=True)
class DrillResult:
    """The findings that refuse a failure before it is deployed; none where nothing does."""

    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Return whether it would not have been deployed."""
        return bool(self.findings)
