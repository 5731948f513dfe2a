"""Who may call: the declared push identity, with the declared audience, proven by a token that Google signed.

On the platform IAM has checked exactly this before a request arrives (only the push identity may invoke the service),
and it removes the signature, so there is nothing left to check. Beside emulators there are no tokens. Anywhere else
the token is verified here.
"""

from __future__ import annotations

from shared.settings import Settings
from shared.view import Caller


class Refused(Exception):
    """The caller is not the declared one; the text says why, and never holds the token."""


def check(settings: Settings, caller: Caller, authorization: str | None) -> None:
    """Raise `Refused` unless the request comes from the declared caller, or somebody else has made sure of it."""
    if settings.deployed or settings.emulated:
        return
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("The request has no bearer token.")
    claims = _verified(token, caller.audience)
    if claims.get("email") != caller.identity or claims.get("email_verified") is not True:
        raise Refused("The token was not issued to the declared push identity.")


def _verified(token: str, audience: str) -> dict[str, object]:
    from google.auth import exceptions
    from google.auth.transport.requests import Request
    from google.oauth2 import id_token

    try:
        claims: dict[str, object] = id_token.verify_oauth2_token(token, Request(), audience)  # type: ignore[no-untyped-call]
    except (ValueError, exceptions.GoogleAuthError) as error:
        raise Refused(f"The token is not a valid one of Google for the audience: {type(error).__name__}.") from error
    return claims
