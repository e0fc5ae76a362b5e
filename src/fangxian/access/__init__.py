"""Who may see and do what: accounts, grants over units, one policy, and the log of what was seen."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .actor import Actor


def authenticate(request: "HttpRequest") -> "Actor | None":
    """Who sends this request: by session, device token or password. See `authentication.authenticate`."""
    from .authentication import authenticate as told

    return told(request)
