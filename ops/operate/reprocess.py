"""Asking a phase's service to do named processors' work again, where the declaration says that it can be asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from blueprint.boundaries import Phase
from blueprint.findings import Finding, Refused
from blueprint.manifest import Reprocess, Service
from ops.answers import NoLogin
from ops.operate.cloud import DataPlaneError
from ops.operate.target import Target

SECONDS = 600
"""A service works while it is asked; this is the longest that Cloud Run lets a caller of ours wait."""


@dataclass(frozen=True)
class Request:
    """One POST to a phase's service."""

    service: str
    url: str
    body: dict[str, Any]


def command(target: Target, phase: Phase, date: str, processors: Sequence[str]) -> str:
    """Return the command that asks for the work of a date again, or nothing where the service cannot be asked."""
    service = target.manifest.services[phase.service]
    if service.reprocess is None or service.name not in target.stack.service_urls:
        return ""
    names = "".join(f" --reprocess {name}" for name in processors or phase.processors)
    return f"python -m ops repair {date}{names} --yes"


def requests(target: Target, dates: Sequence[str], processors: Sequence[str]) -> list[Request]:
    """Return what would be asked; raises `Refused` for a processor that is not declared or whose service takes nothing."""
    by_phase: dict[str, list[str]] = {}
    for name in processors:
        by_phase.setdefault(_phase_of(target, name).name, []).append(name)
    found = []
    for phase_name, names in by_phase.items():
        phase = target.manifest.phases[phase_name]
        service = target.manifest.services[phase.service]
        found += list(_requests(target, service, phase, dates, names))
    return found


def _requests(
    target: Target, service: Service, phase: Phase, dates: Sequence[str], names: list[str]
) -> Iterator[Request]:
    reprocess = service.reprocess
    if reprocess is None:
        message = (
            f"`{service.name}` declares no `reprocess`, so it cannot be asked to work again; start it where it runs."
        )
        raise Refused([Finding("reprocess", message, service.at)])
    url = target.stack.service_urls.get(service.name)
    if not url:
        message = f"`serviceUrls` gives `{service.name}` no address, so it cannot be asked; set it."
        raise Refused([Finding("reprocess", message, target.stack.where("serviceUrls"))])
    each_date = any(field.from_ == "date" for field in reprocess.fields.values())
    for first, last in [(date, date) for date in dates] if each_date else [(dates[0], dates[-1])]:
        yield Request(service.name, url.rstrip("/") + reprocess.path, _body(reprocess, phase, first, last, names))


def _body(reprocess: Reprocess, phase: Phase, first: str, last: str, names: list[str]) -> dict[str, Any]:
    senders = [next(iter(phase.processors[name].aliases), name) for name in names]
    known: dict[str, Any] = {"first_date": first, "last_date": last, "date": first}
    known |= {"processors": names, "senders": senders}
    return {
        name: field.value if field.from_ is None else known[field.from_] for name, field in reprocess.fields.items()
    }


def _phase_of(target: Target, name: str) -> Phase:
    for phase in target.manifest.phases.values():
        if name in phase.processors:
            return phase
    known = ", ".join(each for phase in target.manifest.phases.values() for each in phase.processors)
    raise Refused([Finding("reprocess", f"There is no processor '{name}'; declared are {known}.", target.manifest.at)])


def ask(request: Request, token: str) -> str:
    """Send one request and return the start of the answer; raises `DataPlaneError` where it is not taken."""
    sent = urllib.request.Request(
        request.url,
        data=json.dumps(request.body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(sent, timeout=SECONDS) as answer:
            return str(answer.read(300).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        told = " ".join(error.read(300).decode("utf-8", "replace").split())
        raise DataPlaneError(
            f"{request.service} answers {error.code} to {request.url}: {told or error.reason}."
        ) from error
    except TimeoutError:
        message = (
            f"{request.service} took the request and did not answer in {SECONDS} s; `ops status` shows what comes."
        )
        raise DataPlaneError(message) from None
    except OSError as error:
        raise DataPlaneError(f"{request.service} does not answer at {request.url}: {error}.") from error


def identity(audience: str) -> str:
    """Return a token that proves the caller to a Cloud Run service: a service account's, or the person's of `gcloud`."""
    from google.auth import exceptions
    from google.auth.transport.requests import Request as Transport
    from google.oauth2 import id_token

    try:
        return str(id_token.fetch_id_token(Transport(), audience))  # type: ignore[no-untyped-call]  # google-auth is half typed
    except (exceptions.GoogleAuthError, ValueError):
        pass  # a person's login has no such token; gcloud has
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise NoLogin("No identity can be shown to the service; install `gcloud` and run `gcloud auth login`.")
    done = subprocess.run([gcloud, "auth", "print-identity-token"], capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.strip():
        raise NoLogin("No identity can be shown to the service; run `gcloud auth login`.")
    return done.stdout.strip()
