"""Who may call: the declared push identity, with the declared audience, proven by a token that Google signed.

On the platform IAM has checked exactly this before a request arrives (only the push identity may invoke the service),
and it removes the signature, so there is nothing left to check. Beside emulators there are no tokens. Anywhere else
the token is verified here.
"""

from __future__ import annotations

from shared.declaration.settings import Settings
from shared.declaration.view import Caller
from shared.google import identity


class CallerRefused(Exception):
    """The caller is not the declared one; the text says why, and never holds the token."""


def check(settings: Settings, caller: Caller, authorization: str | None) -> None:
    """Raise `CallerRefused` unless the request comes from the declared caller, or somebody else has made sure of it."""
    if settings.deployed or settings.emulated:
        return
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise CallerRefused("The request has no bearer token.")
    try:
        claims = identity.claims(token, caller.audience)
    except ValueError as error:
        raise CallerRefused(str(error)) from error
    if claims.get("email") != caller.identity or claims.get("email_verified") is not True:
        raise CallerRefused("The token was not issued to the declared push identity.")
