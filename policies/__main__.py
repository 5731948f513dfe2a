"""The policy pack itself: `pulumi preview --policy-pack policies` runs this file and asks it about every resource."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pulumi  # noqa: E402
from pulumi_policy import EnforcementLevel, PolicyPack  # noqa: E402

from blueprint.loader import read_manifest  # noqa: E402
from policies.declared import Declared, declared  # noqa: E402
from policies.sdk import policies  # noqa: E402


@cache
def facts() -> Declared:
    """Return what the declaration and the stack's configuration say; both are there once the first rule runs."""
    manifest, findings = read_manifest(ROOT)
    if manifest is None:
        raise SystemExit("\n".join(str(finding) for finding in findings))
    config = pulumi.Config()
    service_urls = config.get_object("serviceUrls") or {}
    return declared(manifest, config.require("region"), service_urls.values(), datetime.now(UTC).date())


PolicyPack("orchestration", policies(facts), EnforcementLevel.MANDATORY)
