"""Read Google Cloud through its REST interfaces, with the caller's own credentials.

`ControlPlane` is all that the checks know, so that tests put another in its place. The emulators of Pub/Sub and Firestore
speak the same REST; their usual variables lead there.
"""

from __future__ import annotations

import json
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from ops.answers import NoLogin, Unseen

CloudResource = Mapping[str, Any]

APIS: Final[Mapping[str, str]] = {
    "bigquery": "https://bigquery.googleapis.com/bigquery/v2/",
    "cloudresourcemanager": "https://cloudresourcemanager.googleapis.com/v3/",
    "cloudfunctions": "https://cloudfunctions.googleapis.com/v2/",
    "cloudscheduler": "https://cloudscheduler.googleapis.com/v1/",
    "firestore": "https://firestore.googleapis.com/v1/",
    "iam": "https://iam.googleapis.com/v1/",
    "monitoring": "https://monitoring.googleapis.com/v3/",
    "pubsub": "https://pubsub.googleapis.com/v1/",
    "artifactregistry": "https://artifactregistry.googleapis.com/v1/",
    "secretmanager": "https://secretmanager.googleapis.com/v1/",
    "storage": "https://storage.googleapis.com/storage/v1/",
    "run": "https://run.googleapis.com/v2/",
}
EMULATORS: Final[Mapping[str, str]] = {"pubsub": "PUBSUB_EMULATOR_HOST", "firestore": "FIRESTORE_EMULATOR_HOST"}
TWIN: Final = "CONTROL_PLANE_HOST"
"""A variable with the host and port of a stand-in for every interface, each below its name."""
TIMEOUT: Final = 30
"""Seconds to wait for one answer."""
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


class ControlPlaneError(Unseen):
    """The cloud does not answer a question; the text says why, without a full stop.

    `cause` says it without what was asked for, so that one cause is told once.
    """

    def __init__(self, text: str, cause: str = "") -> None:
        super().__init__(text)
        self.cause = cause or text


class ControlPlane(Protocol):
    """The questions that checks ask; `path` is the resource name below the interface's version."""

    def get(self, api: str, path: str) -> CloudResource | None:
        """Return a resource, or None where there is none; raises `ControlPlaneError` where that cannot be told."""

    def list(self, api: str, path: str, member: str) -> Iterator[CloudResource]:
        """Yield the resources of a collection, which an answer holds under `member`."""

    def post(self, api: str, path: str, body: CloudResource) -> CloudResource:
        """Call a method and return its answer."""

    def delete(self, api: str, path: str) -> None:
        """Delete a resource; one that is not there is no error."""


class Rest:
    """`ControlPlane` over HTTPS. `token` returns an OAuth access token; it is asked before every call."""

    def __init__(self, token: Callable[[], str], bases: Mapping[str, str] = APIS) -> None:
        self._token = token
        self._bases = bases

    def get(self, api: str, path: str) -> CloudResource | None:
        """Return a resource, or None where there is none."""
        return self._call("GET", api, path)

    def list(self, api: str, path: str, member: str) -> Iterator[CloudResource]:
        """Yield every page's resources."""
        page = ""
        while True:
            query = f"?pageToken={urllib.parse.quote(page, safe='')}" if page else ""
            answer = self._call("GET", api, path + query) or {}
            yield from answer.get(member, ())
            page = answer.get("nextPageToken", "")
            if not page:
                return

    def post(self, api: str, path: str, body: CloudResource) -> CloudResource:
        """Call a method and return its answer."""
        answer = self._call("POST", api, path, body)
        if answer is None:
            raise ControlPlaneError(f"{path} does not exist")
        return answer

    def delete(self, api: str, path: str) -> None:
        """Delete a resource."""
        self._call("DELETE", api, path)

    def _call(self, method: str, api: str, path: str, body: CloudResource | None = None) -> CloudResource | None:
        request = urllib.request.Request(
            self._bases[api] + urllib.parse.quote(path, safe="/:?=&%()~"),
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                found = json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            cause = f"{api} answers {error.code}"
            raise ControlPlaneError(f"{cause} for {path}: {_reason(error)}", cause) from None
        except (OSError, ValueError) as error:
            cause = f"{api} does not answer"
            raise ControlPlaneError(f"{cause} for {path}: {error}", cause) from None
        return found if isinstance(found, dict) else {}


def _reason(error: urllib.error.HTTPError) -> str:
    text = error.read(10_000).decode(errors="replace")
    try:
        return str(json.loads(text)["error"]["message"]).rstrip(".")
    except (ValueError, KeyError, TypeError):
        return text.strip()[:200].rstrip(".") or error.reason


def connect() -> Rest:
    """Return the cloud as the caller's credentials see it; raises `NoLogin` where there are none."""
    if twin := os.environ.get(TWIN):
        return Rest(lambda: "owner", {api: f"http://{twin}/{api}/" for api in APIS})
    bases = dict(APIS)
    for api, variable in EMULATORS.items():
        if host := os.environ.get(variable):
            bases[api] = f"http://{host}/v1/"
    return Rest(_credentials(), bases)


def _credentials() -> Callable[[], str]:
    try:
        import google.auth
        import google.auth.exceptions
        from google.auth.transport.requests import Request
    except ModuleNotFoundError as absent:
        raise ControlPlaneError(f"the package '{absent.name}' is not installed; `make setup` installs it") from None
    try:
        found, _ = google.auth.default(scopes=[SCOPE])
    except google.auth.exceptions.DefaultCredentialsError:
        if all(os.environ.get(variable) for variable in EMULATORS.values()):
            return lambda: "owner"
        raise NoLogin("Nothing can be seen without a login; run `gcloud auth application-default login`.") from None
    lock = threading.Lock()

    def token() -> str:
        with lock:
            if not found.valid:
                try:
                    found.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth is half typed
                except google.auth.exceptions.GoogleAuthError as error:
                    said = str(error).splitlines()[0][:200].rstrip(".")
                    raise NoLogin(
                        f"Nothing can be seen without a login ({said}); run `gcloud auth application-default login`."
                    ) from None
            return str(found.token)

    return token
