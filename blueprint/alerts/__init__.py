"""Alerts: what is watched, when it fires, and the proof that it does.

`catalogue` derives every alert from the declaration; `dashboard` and the runbooks come from the same values.
`logfilter` and `promql` read conditions, so that contracts and tests judge what is really deployed.
"""

from blueprint.alerts.catalogue import catalogue
from blueprint.alerts.types import Alert, Covers, Documentation, LogMatch, PromQL, seconds

__all__ = ["Alert", "Covers", "Documentation", "LogMatch", "PromQL", "catalogue", "seconds"]
