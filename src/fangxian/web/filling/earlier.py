"""What was answered elsewhere within the last days, where the campaign says that it is put in: the answer, to
be confirmed or changed, and a note of when and by whom it was given.

An account sees what it sent itself; of what others sent only what the policy shows to those who report, and
never what they wrote freely. A family's link sees its own alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from fangxian.access import policy
from fangxian.access.models import Account
from fangxian.kernel.moments import day_of
from fangxian.submissions.burden import Earlier, prefilled

from ..templatetags.fx import moment
from .sitting import Place, Sitting, units_on

WRITTEN = ("text", "file")


@dataclass(frozen=True, slots=True)
class PutIn:
    """By question: what stands there beforehand, and the note beside it."""

    answers: dict[str, Any]
    notes: dict[str, str]


NOTHING = PutIn({}, {})


def put_in(whole: Sitting) -> dict[str, PutIn]:
    """By the key of the place; of those about whom nothing was sent yet."""
    places = [place for place in whole.places if not place.done]
    types = {question.name: question.type for question in whole.form.questions}
    found: dict[str, dict[str, Earlier]] = {}
    for kind in {place.kind for place in places}:
        alike = {place.subject: place.key for place in places if place.kind == kind}
        told = prefilled(whole.found.form[0], kind, alike, now=whole.now)
        found |= {alike[subject]: earlier for subject, earlier in told.items()}
    shown = _shown(whole, places, found, types)
    names = _names(one.by for earlier in shown.values() for one in earlier.values())
    return {
        key: PutIn(
            {name: one.answer for name, one in earlier.items()},
            {name: _note(one, whole, names) for name, one in earlier.items()},
        )
        for key, earlier in shown.items()
    }


def _shown(
    whole: Sitting, places: list[Place], found: Mapping[str, dict[str, Earlier]], types: Mapping[str, str]
) -> dict[str, dict[str, Earlier]]:
    known = [place for place in places if place.key in found]
    days = {day_of(one.happened) for earlier in found.values() for one in earlier.values()}
    units = {day: units_on(day, known) for day in days}

    def may_see(key: str, name: str, one: Earlier) -> bool:
        if one.by == whole.actor.name:
            return types[name] != "file"
        if whole.actor.household is not None or types[name] in WRITTEN or "F" in one.classes:
            return False
        where = units[day_of(one.happened)][key]
        return all(
            policy.verdict(whole.actor, c, where, purpose="report") == policy.SHOWN for c in one.classes
        )

    return {
        key: {name: one for name, one in earlier.items() if may_see(key, name, one)}
        for key, earlier in found.items()
    }


def _names(accounts: Iterable[str]) -> dict[str, str]:
    return dict(Account.objects.filter(username__in=set(accounts)).values_list("username", "name"))


def _note(one: Earlier, whole: Sitting, names: Mapping[str, str]) -> str:
    at = moment(one.happened)
    if one.by == whole.actor.name:
        return _("given by you on {at}").format(at=at)
    if one.by.startswith("household:"):
        return _("given by the family on {at}").format(at=at)
    return _("given by {name} on {at}").format(name=names.get(one.by, _("another office")), at=at)
