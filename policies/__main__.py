"""The policy pack itself: `pulumi preview --policy-pack policies` runs this file and asks it about every resource."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pulumi  # noqa: E402
import yaml  # noqa: E402
from pulumi_policy import EnforcementLevel, PolicyPack  # noqa: E402

from blueprint.loader import read_manifest  # noqa: E402
from policies.declared import StackFacts, declared  # noqa: E402
from policies.sdk import policies  # noqa: E402


@cache
def facts(stack: str) -> StackFacts:
    """Return what the declaration and the stack's configuration say; both are there once the first rule runs.

    `pulumi policy analyze` passes no configuration, so that comes from the stack's file then.
    """
    manifest, findings = read_manifest(ROOT)
    if manifest is None:
        raise SystemExit("\n".join(str(finding) for finding in findings))
    config = pulumi.Config()
    region, service_urls = config.get("region"), config.get_object("serviceUrls")
    if region is None:
        file = ROOT / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
        values = {key.rpartition(":")[2]: value for key, value in content.get("config", {}).items()}
        region, service_urls = values.get("region"), values.get("serviceUrls")
    if region is None:
        raise SystemExit(
            f"The stack '{stack}' has no region in its configuration; set it, so that places can be judged."
        )
    return declared(manifest, region, (service_urls or {}).values(), datetime.now(UTC).date())


PolicyPack("orchestration", policies(facts), EnforcementLevel.MANDATORY)
