"""The ledger's rows as lists of dicts: what the plain meaning counts over."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model

from fangxian.campaigns.models import Campaign, Closing, Round, RoundMember
from fangxian.registry.models import Cover, Membership, Merge, PersonState, Post, Unit, UnitState
from fangxian.submissions.models import Revision, Submission, Verification

Row = dict[str, Any]
TIMES = ("valid_from", "valid_until", "recorded", "recorded_until")


@dataclass(frozen=True, slots=True)
class World:
    """Rows by table, with the columns named below. `sheets` gives a campaign's submissions by its code."""

    units: list[Row]
    unit_states: list[Row]
    covers: list[Row]
    person_states: list[Row]
    posts: list[Row]
    memberships: list[Row]
    merges: list[Row]
    campaigns: list[Row]
    rounds: list[Row]
    closings: list[Row]
    round_members: list[Row]
    revisions: list[Row]
    verifications: list[Row]
    sheets: Callable[[str], list[Row]]


def world_of_ledger() -> World:
    """All rows that were ever recorded; submissions campaign by campaign, when they are asked for."""
    return World(
        units=_rows(Unit, "id", "line", "kind", "code", "recorded"),
        unit_states=_rows(UnitState, "id", "unit_id", "parent_id", "stage", "absent", *TIMES),
        covers=_rows(Cover, "id", "coverer_id", "covered_id", "kind", *TIMES),
        person_states=_rows(PersonState, "id", "person_id", "native_place", *TIMES),
        posts=_rows(Post, "id", "person_id", "unit_id", "role", *TIMES),
        memberships=_rows(Membership, "id", "household_id", "person_id", *TIMES),
        merges=_rows(Merge, "id", "person_id", "into_id", *TIMES),
        campaigns=_rows(Campaign, "id", "code", "audience", "schedule", "opens", "closes", "recorded"),
        rounds=_rows(Round, "id", "campaign_id", "number", "opens", "closes", "listed", "recorded"),
        closings=_rows(Closing, "id", "campaign_id", "closes", "recorded"),
        round_members=_rows(RoundMember, "id", "round_id", "subject", "recorded"),
        revisions=_rows(Revision, "id", "submission_id", "kind", "day", "recorded"),
        verifications=_rows(Verification, "id", "submission_id", "recorded", "recorded_until"),
        sheets=_sheets,
    )


def _rows(model: type[Model], *columns: str) -> list[Row]:
    return list(model._base_manager.order_by("pk").values(*columns))


def _sheets(code: str) -> list[Row]:
    found = Submission.objects.filter(campaign__code=code).order_by("pk")
    columns = ("id", "round", "subject_kind", "subject", "household", "unit", "reporter", "happened")
    return list(found.values(*columns, "recorded", "answers", envelope=F("envelope_id")))
