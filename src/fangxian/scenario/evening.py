"""The evening's calls of a demonstration, opened when its clock stands: a desk with somebody to call.

They are a campaign of their own. The rounds of the screening closed at 18:00, as the report says; none of its
figures reads these calls.
"""

from datetime import datetime, timedelta
from typing import Any

from fangxian.campaigns.actions import launch_campaign, open_round
from fangxian.campaigns.audiences import places_asked, read_audience
from fangxian.campaigns.models import Round
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.registry.tree import Node
from fangxian.submissions.actions import publish_form
from fangxian.submissions.models import Submission

from .forms import form_bytes

CODE, BY = "evening-calls", "demo:office"
LASTS = timedelta(hours=2)
HOUSEHOLDS = 40  # what one caller has for an evening


def open_evening_calls(centre: Node, *, now: datetime) -> None:
    """To households of a centre's pupils: first those whom the last round of the screening did not reach."""
    audience: list[dict[str, Any]] = [{"key": "households", "kind": "households", "role": ["pupil"]}]
    listed = _households([each | {"under": centre.code} for each in audience], now)
    launch_campaign(
        code=CODE,
        name="晚间回访",
        name_en="Evening follow-up calls",
        issuer=centre.id,
        audience=audience,
        schedule={"kind": "rounds"},
        opens=now,
        by=BY,
        now=now,
    )
    publish_form(code=CODE, content=form_bytes("screening"), by=BY, now=now)
    open_round(campaign=CODE, number=1, closes=now + LASTS, listed=listed, by=BY, now=now)


def _households(audience: list[dict[str, Any]], now: datetime) -> list[int]:
    selectors = read_audience(CODE, audience)
    asked = places_asked(selectors, "household", day=day_of(now), position=head_position())
    homes, failed = dict.fromkeys(household for household, _unit in asked), _not_reached()
    missed = [home for home in homes if home in failed]
    return list(dict.fromkeys([*missed, *homes]))[:HOUSEHOLDS]


def _not_reached() -> set[int]:
    last = Round.objects.filter(campaign__code="screening").order_by("number").last()
    calls = Submission.objects.filter(campaign__code="screening", round=last.number if last else 0)
    failed = calls.filter(subject_kind="household").values_list("subject", flat=True)
    return set(failed) - set(calls.exclude(household=None).values_list("household", flat=True))
