"""Tokens that Google signed. The verifier is loaded at the first token, which on the platform never comes."""

from __future__ import annotations

from collections.abc import Mapping


def claims(token: str, audience: str) -> Mapping[str, object]:
    """Return what a token that Google signed for the audience says; raises `ValueError` for any other."""
    from google.auth import exceptions
    from google.auth.transport.requests import Request
    from google.oauth2 import id_token

    try:
        found: Mapping[str, object] = id_token.verify_oauth2_token(token, Request(), audience)  # type: ignore[no-untyped-call]  # google-auth is half typed
    except (ValueError, exceptions.GoogleAuthError) as error:
        raise ValueError(f"The token is not a valid one of Google for the audience: {type(error).__name__}.") from error
    return found
