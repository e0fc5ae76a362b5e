"""What every template may ask for."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from fangxian.access import policy
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home

from . import clock


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """`demonstration` (None where an office's own), `now` (the clock), `other_language` for the switch."""
    here = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
    others = [(code, name) for code, name in settings.LANGUAGES if code != here]
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "may": {p: policy.may(actor, p) if actor else False for p in policy.purposes()},
        "may_phone": actor is not None and policy.verdict(actor, "C", None, purpose="chase") == policy.SHOWN,
        "demonstration": demonstration_of(current_home()),
        "now": clock.now(),
        "other_language": others[0],
        "section": request.path.strip("/").split("/")[0],
    }
