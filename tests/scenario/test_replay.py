"""A small city, played: its ledger holds what the plan meant, and the troubles of a real response."""

from collections import Counter

import pytest
from django.db.models import Count, Max

from fangxian.campaigns.models import Campaign, CampaignText
from fangxian.desk.actions import take_next, takes_outcome
from fangxian.desk.queries import callings, standing
from fangxian.kernel.changes import head_position
from fangxian.kernel.models import Change, Head
from fangxian.kernel.moments import day_of, read_moment
from fangxian.registry.models import Merge, Post
from fangxian.registry.queries import zone_faults
from fangxian.registry.tree import tree
from fangxian.scenario.accounts import demonstrated
from fangxian.scenario.clockwork import CLOCK
from fangxian.scenario.evening import HOUSEHOLDS, open_evening_calls
from fangxian.scenario.expected import expected
from fangxian.scenario.forms import form_codes
from fangxian.submissions.models import Refusal, Revision, Submission, Verification

from .conftest import Played
from .counting import TODAY, count_all

pytestmark = pytest.mark.django_db
LAST = read_moment("2020-02-12T18:18:00+08:00")


def test_the_records_come_to_what_was_expected(played: Played) -> None:
    assert count_all() == expected(played.facts, 0.01)


def test_all_was_recorded_before_the_demonstrations_clock(played: Played) -> None:
    assert Change.objects.aggregate(top=Max("at"))["top"] <= LAST
    assert Submission.objects.aggregate(top=Max("received"))["top"] <= LAST


def test_every_campaign_is_launched_with_its_form(played: Played) -> None:
    assert sorted(Campaign.objects.values_list("code", flat=True)) == form_codes()


def test_what_was_refused_was_meant_to_be(played: Played) -> None:
    codes = Counter(Refusal.objects.values_list("code", flat=True))
    assert played.built.played.refused == sum(codes.values()) == 11
    assert len(codes) >= 7


def test_what_came_twice_was_taken_once(played: Played) -> None:
    assert played.built.played.again > 0
    assert Submission.objects.count() == played.built.played.taken


def test_the_troubles_of_a_real_response(played: Played) -> None:
    revised = Counter(Revision.objects.values_list("kind", flat=True))
    assert revised["superseded"] and revised["retracted"] and revised["withdrawn"] == 1
    assert Submission.objects.filter(late=True).exists()
    assert Verification.objects.filter(how="document").exists()
    assert Merge.objects.filter(recorded_until=None).count() == 1
    calls = Submission.objects.filter(campaign__code="screening", round=1, household__isnull=False)
    twice = calls.values("household").annotate(callers=Count("reporter", distinct=True)).filter(callers__gt=1)
    assert twice.exists()
    named = calls.values("subject").annotate(homes=Count("household", distinct=True)).filter(homes__gt=1)
    assert named.exists()


def test_a_pledge_was_withdrawn_and_its_second_text_signed(played: Played) -> None:
    texts = dict(CampaignText.objects.filter(campaign__code="pledge").values_list("version", "id"))
    again = Submission.objects.get(instance_id="pledge-again-000000")
    [first] = Submission.objects.filter(campaign__code="pledge", subject=again.subject).exclude(pk=again.pk)
    assert (first.text_id, again.text_id) == (texts[1], texts[2])
    assert Revision.objects.get(submission=first).kind == "withdrawn"


def test_pupils_come_go_and_change_school(played: Played) -> None:
    pupils = Post.objects.filter(role="pupil", recorded_until=None)
    ended = set(pupils.filter(valid_until__isnull=False).values_list("person", flat=True))
    open_now = set(pupils.filter(valid_until=None).values_list("person", flat=True))
    assert ended - open_now, "leavers"
    assert ended & open_now, "transferred"
    assert pupils.filter(valid_from__year=2020).exclude(person__in=ended).exists(), "joiners"


def test_every_place_lies_in_one_zone(played: Played) -> None:
    assert zone_faults(TODAY, head_position()) == []


def test_the_desk_of_a_demonstration_has_an_evening_of_calls(played: Played) -> None:
    """And nothing that the report counts is another for it."""
    clock, before = read_moment(CLOCK), count_all()
    assert callings(clock) == [], "the last round of the screening closed at 18:00"
    now = Head.objects.get().at
    centre = demonstrated(now=now)["caller"]
    open_evening_calls(centre, now=now)
    (calling,) = callings(clock)
    assert (
        0
        < standing(calling, tree(day_of(clock), head_position()).under(centre.id), clock).asked
        <= HOUSEHOLDS
    )
    lease = take_next(calling=calling, reach=None, holder="caller", now=clock, moment=clock)
    assert lease is not None and takes_outcome(calling)
    assert count_all() == before
