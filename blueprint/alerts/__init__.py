"""Alerts: what is watched, when it fires, and the proof that it does.

`catalogue` derives every alert from the declaration; `dashboard` and the runbooks come from the same values.
The languages of conditions are in `analysis/promql` and `analysis/logfilter`.
"""

from blueprint.alerts.catalogue import catalogue
from blueprint.alerts.types import Alert, Covers, Documentation, LogMatch, PromQL, seconds

__all__ = ["Alert", "Covers", "Documentation", "LogMatch", "PromQL", "catalogue", "seconds"]
