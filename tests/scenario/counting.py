"""The city's figures by plain loops over the ledger's rows: slow, obvious, no code of the figures' own."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

from fangxian.campaigns.models import Round, RoundMember
from fangxian.kernel.moments import day_of
from fangxian.registry.models import Membership, Merge, PersonState, Post, Unit, UnitState
from fangxian.submissions.models import Revision, Submission, Verification

TODAY = date(2020, 2, 12)
SHARE = "screening."


def held(model: Any, *names: str) -> list[Any]:
    """The rows that hold today, by all that is known."""
    rows = model.objects.filter(recorded_until=None).values_list(*names, "valid_from", "valid_until")
    return [r[: len(names)] for r in rows if r[-2] <= TODAY and (r[-1] is None or r[-1] > TODAY)]


def live(campaign: str) -> list[Submission]:
    """Live submissions of a campaign, the latest last."""
    gone = {
        submission
        for submission, kind, day in Revision.objects.values_list("submission_id", "kind", "day")
        if kind != "withdrawn" or day <= TODAY
    }
    rows = Submission.objects.filter(campaign__code=campaign)
    return sorted((s for s in rows if s.pk not in gone), key=lambda s: (s.happened, s.recorded, s.pk))


def count_all() -> dict[str, int]:
    """Each figure of the facts file, counted for the whole city."""
    return {**_units(), **_people(), **_categories(), **_screening(), **_reports(), **_disinfected()}


def _units() -> dict[str, int]:
    kinds = dict(Unit.objects.values_list("id", "kind"))
    count = Counter(kinds[unit] for (unit,) in held(UnitState, "unit_id"))
    return {
        "command.zones": count["zone"],
        "command.temporary_branches": count["temporary_branch"],
        "command.commando_teams": count["commando_team"],
        "party.general_branches": count["party_general_branch"],
        "party.branches": count["party_branch"],
        "league.general_branches": count["league_general_branch"],
        "league.branches": count["league_branch"],
        "pioneers.brigades": count["brigade"],
        "pioneers.squadrons": count["squadron"],
        "students.schools": count["school"] + count["teaching_point"],
    }


def _holders() -> dict[str, set[int]]:
    into = dict(held(Merge, "person_id", "into_id"))
    holders = defaultdict(set)
    for person, role in held(Post, "person_id", "role"):
        holders[role].add(into.get(person, person))
    return holders


def _people() -> dict[str, int]:
    holders = _holders()
    return {
        "command.commandos": len(holders["commando"]),
        "party.members": len(holders["party_member"]),
        "league.members": len(holders["league_member"]),
        "pioneers.members": len(holders["pioneer"]),
        "students.pupils": len(holders["pupil"]),
    }


def _categories() -> dict[str, int]:
    into = dict(held(Merge, "person_id", "into_id"))
    holders = _holders()
    verified = set(Verification.objects.values_list("submission_id", flat=True))
    latest = {
        into.get(s.subject, s.subject): s.answers
        for s in live("screening")
        if s.subject_kind == "person" and s.pk in verified
    }
    families = _families(holders["staff"], into)
    natives = {
        into.get(p, p) for p, native in held(PersonState, "person_id", "native_place") if native[:2] == "42"
    }
    found = Counter()
    for person, a in latest.items():
        near = a["place"] == "hubei" or a["contact_hubei"] == "yes"
        staff = person in holders["staff"]
        found["university_students_back_from_hubei"] += (
            a["occupation"] == "university" and a["place"] == "hubei" and "returned_on" in a
        )
        found["staff_from_hubei_or_contact"] += staff and near
        found["staff_family_from_hubei_or_contact"] += (
            not staff and person in families and a["occupation"] == "other" and near
        )
        found["staff_travelled_outside_province"] += (
            staff and a["place"] == "other_province" and a["purpose"] == "tourism"
        )
        found["students_on_internship_in_hubei"] += (
            person in holders["pupil"] and a["place"] == "hubei" and a["purpose"] == "internship"
        )
    found["teachers_native_of_hubei"] = len(natives & holders["staff"])
    return {SHARE + name: count for name, count in found.items()}


def _families(staff: set[int], into: dict[int, int]) -> set[int]:
    homes = defaultdict(set)
    for household, person in held(Membership, "household_id", "person_id"):
        homes[household].add(into.get(person, person))
    return {person for members in homes.values() if members & staff for person in members}


def _screening() -> dict[str, int]:
    sheets, staff = live("screening"), _holders()["staff"]
    settled, failed = defaultdict(set), defaultdict(Counter)
    for s in sheets:
        home = s.household if s.household is not None else s.subject
        if s.answers["outcome"] in ("reached", "refused"):
            settled[s.round].add(home)
        else:
            failed[s.round][home] += 1
    for number, attempts in failed.items():
        settled[number] |= {home for home, count in attempts.items() if count >= 3}
    asked = _asked_in_rounds(staff)
    return {
        "screening.rounds": sum(homes <= settled[number] for number, homes in asked.items()),
        "staff.mobilised": len({s.reporter for s in sheets} & staff),
    }


def _asked_in_rounds(staff: set[int]) -> dict[int, set[int]]:
    """Households that were asked in each round and that still have a pupil or one of the staff."""
    schooled = _holders()["pupil"] | staff
    still = {home for home, person in held(Membership, "household_id", "person_id") if person in schooled}
    asked = {}
    for row in Round.objects.filter(campaign__code="screening", closes__isnull=False):
        listed = set(RoundMember.objects.filter(round=row).values_list("subject", flat=True))
        asked[row.number] = still & listed if row.listed else still
    return asked


def _reports() -> dict[str, int]:
    checks = live("training-institutions")
    units = {u for (u,) in held(UnitState, "unit_id")}
    institutions = units & set(Unit.objects.filter(kind="institution").values_list("id", flat=True))
    by_round = defaultdict(set)
    for s in checks:
        by_round[s.round].add(s.subject)
    venues, oath = live("sports-venues"), live("oath")
    return {
        "supplies.delivered_value": sum(s.answers["amount"] for s in live("supplies")),
        "party.oath_attendance": len({s.subject for s in oath if s.answers["attended"] == "yes"}),
        "party.pledges_signed": len({s.subject for s in live("pledge") if s.answers["signed"] == "yes"}),
        "supervision.person_times": len({(s.envelope_id, s.reporter) for s in live("supervision")}),
        "supervision.training_institutions": len({s.subject for s in checks} & institutions),
        "supervision.training_rounds": sum(done >= institutions for done in by_round.values()),
        "supervision.training_violations": sum(s.answers["violations"] for s in checks),
        "supervision.venues_checked": len({s.subject for s in venues}),
        "supervision.venue_gatherings": sum(s.answers["gatherings"] for s in venues),
        "environment.hygiene_schools": len(
            {s.subject for s in live("hygiene") if s.answers["done"] == "yes"}
        ),
    }


def _disinfected() -> dict[str, int]:
    since = TODAY - timedelta(days=6)
    done = {
        s.subject for s in live("disinfection") if day_of(s.happened) >= since and s.answers["done"] == "yes"
    }
    areas = set(Unit.objects.filter(kind="key_area").values_list("id", flat=True))
    declared, undone = defaultdict(set), set()
    for unit, school, stage, absent in held(UnitState, "unit_id", "parent_id", "stage", "absent"):
        if unit in areas:
            declared[school].add(stage)
            if not absent and unit not in done:
                undone.add(school)
    full = {school for school, kinds in declared.items() if len(kinds) == 5}
    return {"environment.schools_disinfected": len(full - undone)}
