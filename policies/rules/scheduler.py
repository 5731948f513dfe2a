"""Scheduler jobs: the right token for the target, a stated time zone, a stated state."""

from __future__ import annotations

import re

from policies.case import Case
from policies.kinds import JOB
from policies.registry import resource_rule

GOOGLE_API = re.compile(r"^https://([a-z0-9-]+\.)*googleapis\.com/")


@resource_rule(
    "token-fits-target",
    "A job shows a service an identity token and an API an access token",
    incidents=(23, 26, 27),
    kinds=(JOB,),
)
def token_fits_target(case: Case) -> None:
    """Refuse jobs without a token, and the wrong kind: services take OIDC, Google APIs (a job's run) take
    OAuth.

    A target that is not known yet is the address of a service of this stack.
    """
    if not case.has("httpTarget"):
        return
    api = bool(GOOGLE_API.search(case.text("httpTarget.uri", computed=True)))
    wanted, other = ("oauthToken", "oidcToken") if api else ("oidcToken", "oauthToken")
    target = "A Google API" if api else "A service"
    if case.states(f"httpTarget.{other}"):
        case.violation(f"{target} does not take {other}; use {wanted}.")
    elif not case.has(f"httpTarget.{wanted}"):
        case.violation(f"The job shows no token, so it is refused; set {wanted}.")
    elif wanted == "oidcToken" and not case.has("httpTarget.oidcToken.audience"):
        case.violation("The token has no audience, so it is made for the full address; set the service's URL.")


@resource_rule(
    "schedule-stated", "A job states its time zone, its deadline and whether it runs", incidents=(52, 53), kinds=(JOB,)
)
def schedule_stated(case: Case) -> None:
    """Refuse what is left to the platform or the console: paused jobs were forgotten, and UTC is not local time."""
    for path, what in (("timeZone", "time zone"), ("attemptDeadline", "attempt deadline"), ("paused", "paused state")):
        if not case.has(path):
            case.violation(f"The job does not state its {what}; set {path}.")
