"""A small city in which every field of everybody is a canary, and a plain reading of who may see which.

Where somebody counts is written by hand here, and the policy's table is read with a few lines of its own:
neither asks the code that is tested.
"""

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from fangxian import access
from fangxian.access import glass, tokens
from fangxian.access.actions import NewAccount, close_account, grant, open_accounts, revoke
from fangxian.access.actor import actor_of
from fangxian.access.models import Account, Grant
from fangxian.campaigns.actions import launch_campaign, open_round, save_draft
from fangxian.desk.actions import ATTEMPT_COLUMNS, ask_for_call
from fangxian.desk.models import Attempt, Lease
from fangxian.desk.queries import callings
from fangxian.kernel.changes import recording
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.matching.actions import NewCandidate, NewProposal, NewRun, add_list, bring_issue, record_run
from fangxian.matching.duplicates import NewTwin, record_twins
from fangxian.matching.models import RowState
from fangxian.registry.actions import (
    NewCover,
    NewHousehold,
    NewPerson,
    NewPost,
    NewUnit,
    add_covers,
    add_households,
    add_units,
    appoint,
    end_posts,
    enrol,
    transfer,
)
from fangxian.registry.importing.cells import Setting
from fangxian.registry.importing.directory import NamedUnits
from fangxian.registry.importing.examine import examine
from fangxian.registry.models import Post
from fangxian.scenario.forms import form_bytes
from fangxian.submissions.actions import Envelope, Sheet, publish_form, receive, verify

START = date(2020, 1, 1)
BY = "test"


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2020, 2, day, hour, tzinfo=OFFICE_ZONE)


CLOCK = at(12, 18)

UNITS = {
    "xw": ("bureau", None),
    "o1": ("office", "xw"),
    "c1": ("centre", "xw"),
    "c2": ("centre", "xw"),
    "s1": ("school", "c1"),
    "s2": ("school", "c2"),
    "s1-1": ("class", "s1"),
    "s1-2": ("class", "s1"),
    "s2-1": ("class", "s2"),
    "hq": ("headquarters", None),
    "z1": ("zone", "hq"),
    "z2": ("zone", "hq"),
    "lb1": ("league_branch", None),
    "b1": ("brigade", None),
    "sq1": ("squadron", "b1"),
    "pb2": ("party_branch", None),
}
COVERS = [("z1", "c1", "zone"), ("z2", "c2", "zone"), ("z1", "o1", "zone"), ("s1", "lb1", "host")]
COVERS += [("s1", "b1", "host"), ("s1-1", "sq1", "host"), ("s2", "pb2", "host")]

# What each unit counts under, by hand.
TOP = {"xw", "hq"}
ABOVE = {
    "s1": {"s1", "c1", "z1"} | TOP,
    "s2": {"s2", "c2", "z2"} | TOP,
    "o1": {"o1", "z1"} | TOP,
}
ABOVE |= {"s1-1": {"s1-1"} | ABOVE["s1"], "s1-2": {"s1-2"} | ABOVE["s1"], "s2-1": {"s2-1"} | ABOVE["s2"]}
ABOVE |= {"b1": {"b1"} | ABOVE["s1"], "sq1": {"sq1", "b1"} | ABOVE["s1-1"], "lb1": {"lb1"} | ABOVE["s1"]}
ABOVE |= {"c1": {"c1", "z1"} | TOP, "c2": {"c2", "z2"} | TOP, "pb2": {"pb2"} | ABOVE["s2"]}
ABOVE |= {"xw": {"xw"}, "hq": {"hq"}, "z1": {"z1", "hq"}, "z2": {"z2", "hq"}}

# Person: the posts. The pupil who moved was in s1-1 until the 5th; who left was staff of s1 until the 4th.
PEOPLE: dict[str, list[tuple[str, str]]] = {
    "pupil": [("s1-1", "pupil"), ("sq1", "pioneer")],
    "beside": [("s1-2", "pupil")],
    "elsewhere": [("s2-1", "pupil")],
    "moved": [("s1-1", "pupil")],
    "teacher": [("s1-1", "class_teacher"), ("s1", "staff")],
    "shared": [("s1", "staff"), ("s2", "staff")],
    "left": [("s1", "staff")],
    "league": [("lb1", "league_member")],
    "party": [("pb2", "party_member")],
    "mother": [],  # of pupil
    "stranger": [],  # of elsewhere, whose other parent is the teacher
}
WHERE = {person: {unit for unit, _role in posts} for person, posts in PEOPLE.items()}
WHERE |= {"moved": {"s2-1"}, "left": set(), "mother": {"s1-1"}, "stranger": {"s2-1", "s1"}}
HOMES = [["pupil", "mother"], ["elsewhere", "teacher", "stranger"]]

# Account: its roles in force.
ACTORS: dict[str, list[tuple[str, str]]] = {
    "officer": [("bureau_office", "xw")],
    "signatory": [("signatory", "xw")],
    "zone": [("zone_lead", "z1")],
    "centre": [("centre_school", "c1")],
    "head": [("head", "s1")],
    "class": [("class_teacher", "s1-1")],
    "nurse": [("school_nurse", "s1")],
    "inspector": [("inspector", "z1")],
    "caller": [("caller", "c1")],
    "leaguer": [("league_counsellor", "lb1")],
    "pioneers": [("pioneer_counsellor", "b1")],
    "auditor": [("auditor", "xw")],
    "operator": [("system_operator", "xw")],
    "both": [("caller", "xw"), ("class_teacher", "s1-1")],  # a wide role does not widen a narrow one
    "two": [("head", "s1"), ("class_teacher", "s2-1")],
    "office": [("bureau_office", "o1")],
    "none": [],
    "gone": [],  # was head of s1, revoked today
    "later": [],  # will be head of s1 from tomorrow on
}


# ------------------------------------------------------------------------------------ canaries


def number(n: int) -> str:
    """An invented ID number (no region has the prefix 99) with its check digit by GB 11643."""
    body = f"99010120130101{n:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def canaries(person: str) -> dict[str, str]:
    """Class of field -> the text that stands in that field of this person and nowhere else."""
    n = list(PEOPLE).index(person)
    return {
        "B": f"{SURNAMES[n]}名{person}",
        "C": f"1000000{70 + n:04}",
        "D": number(700 + n),
        "E": f"36.{411 + 2 * n}",
        "F": f"言{person}",
    }


SURNAMES = "甲乙丙丁戊己庚辛壬癸子"


def masks(person: str) -> dict[str, str]:
    """What is left of each behind a mask, by hand; a name's and an answer's mask tells nobody apart."""
    told = canaries(person)
    return {
        "C": f"{told['C'][:3]}******{told['C'][-2:]}",
        "D": f"{told['D'][:4]}**********{told['D'][-4:]}",
    }


def unit_name(code: str) -> str:
    return f"位{code.replace('-', '号')}位"


# ------------------------------------------------------------------------------------ the plain policy

_POLICY = tomllib.loads((Path(access.__file__).parent / "policy.toml").read_text("utf-8"))


def rows(purpose: str) -> dict[str, str]:
    return _POLICY[purpose]["roles"]


def may(actor: str, purpose: str) -> bool:
    """Whether the table has a row for some role of the actor; over everything, where it wants that."""
    whole = _POLICY[purpose]["relation"] == "whole"
    held = [role for role, unit in ACTORS[actor] if unit == "xw" or not whole]
    return "*" in rows(purpose) or any(role in rows(purpose) for role in held)


def reaches(unit: str, person_or_unit: set[str]) -> bool:
    """A role over the bureau reaches everything, also who counts nowhere any more."""
    return unit == "xw" or any(unit in ABOVE[place] for place in person_or_unit)


def in_scope(actor: str, unit: str, purpose: str) -> bool:
    held = [over for role, over in ACTORS[actor] if role in rows(purpose)]
    return any(reaches(over, {unit}) for over in held)


def knows(actor: str, person: str, purpose: str) -> bool:
    held = [over for role, over in ACTORS[actor] if role in rows(purpose)]
    return any(reaches(over, WHERE[person]) for over in held)


def verdict(actor: str, person: str, field_class: str, purpose: str = "people") -> str:
    """shown, masked or no."""
    words = [
        word
        for role, over in ACTORS[actor]
        if role in rows(purpose) and reaches(over, WHERE[person])
        for word in rows(purpose)[role].split()
    ]
    return "shown" if field_class in words else "masked" if f"{field_class}-" in words else "no"


# ------------------------------------------------------------------------------------ building


@dataclass
class World:
    units: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    households: list[int] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)
    welcome: str = ""
    link: str = ""  # of the first family
    keys: dict[str, int] = field(default_factory=dict)  # under which figures know somebody
    requests: dict[str, int] = field(default_factory=dict)  # to break the glass: one waits, one is open


def build() -> World:
    world = World()
    _build_units(world)
    _build_people(world)
    _build_answers(world)
    _refuse(world)
    _bring_a_list(world)
    _move(world)
    _open_accounts(world)
    _draft(world)
    _link(world)
    _calls(world)
    _twins(world)
    _emergencies(world)
    return world


LEASED, LEASED_TO = 0, "caller"  # a family, and who was given it to call
UNREACHABLE = 2  # a family whose only number was wrong
SOUGHT, SOUGHT_BY = "elsewhere", "nurse"
ASKED, ASKED_BY = "pupil", "zone"
TWINS = ("pupil", "beside")
LATER = timedelta(days=1)  # what lapses on the machine's clock does not while the matrix is walked


def _link(world: World) -> None:
    home = world.households[LEASED]
    world.link = tokens.issue_household(household=home, name="条", by=BY, now=CLOCK)


def _calls(world: World) -> None:
    calling, home = callings(CLOCK)[0], world.households[UNREACHABLE]
    until = datetime.now(OFFICE_ZONE) + LATER
    for family in (LEASED, UNREACHABLE):
        ask_for_call(household=world.households[family], reason="再问一次", by=BY, now=CLOCK)
    family = world.households[LEASED]
    Lease.objects.create(round=calling.round, household_id=family, holder=LEASED_TO, until=until)
    with recording("desk.note", by=BY, now=CLOCK) as change:
        person = world.people[FAMILIES[UNREACHABLE][0]]
        told = (calling.round.pk, home, "wrong_number", CLOCK, BY, None, person, "", "wrong", False)
        change.append(Attempt, ATTEMPT_COLUMNS, [told])


def _twins(world: World) -> None:
    one, other = sorted(world.people[person] for person in TWINS)
    record_twins(found=[NewTwin(one, other, 0.8, [("name", "equal")])], by=BY, now=CLOCK)


def _emergencies(world: World) -> None:
    moment = datetime.now(OFFICE_ZONE) + LATER
    told = {"case": "一号病例", "reason": "须立即联系同车的所有人", "now": CLOCK, "moment": moment}
    for name, by, person, sought in (
        ("waiting", ASKED_BY, ASKED, ""),
        ("open", SOUGHT_BY, SOUGHT, "number"),
    ):
        actor = actor_of(world.accounts[by], now=CLOCK)
        pk = glass.ask(actor=actor, person=world.people[person], sought=sought, **told)
        world.requests[name] = pk
    officer = actor_of(world.accounts["officer"], now=CLOCK)
    glass.consent(actor=officer, request=world.requests["open"], now=CLOCK, moment=moment)


def _build_units(world: World) -> None:
    units = [NewUnit(code, kind, unit_name(code), parent, START) for code, (kind, parent) in UNITS.items()]
    world.units = add_units(units=units, by=BY, now=at(1))
    add_covers(covers=[NewCover(a, b, kind, START) for a, b, kind in COVERS], by=BY, now=at(1))


def _build_people(world: World) -> None:
    people = []
    for person, posts in PEOPLE.items():
        told = canaries(person)
        held = [(world.units[unit], role, START) for unit, role in posts]
        people.append(NewPerson(told["B"], id_number=told["D"], phone=told["C"], posts=held))
    world.people = dict(zip(PEOPLE, enrol(people=people, by=BY, now=at(1)), strict=True))
    homes = [NewHousehold([(world.people[p], "other") for p in family], START) for family in FAMILIES]
    world.households = add_households(households=homes, by=BY, now=at(1))


DRAFT, DRAFTED_BY = 1, "c1"  # a campaign that a centre is making
ISSUER = "xw"  # of all that are under way


def _draft(world: World) -> None:
    told = {
        "name": "草稿",
        "form": {"file": "pledge.xlsx", "title": "承诺书", "id": "pledge", "questions": 1},
    }
    told |= {"audience": {"key": "units", "kind": "units", "unit_kind": ["school"], "under": DRAFTED_BY}}
    unit, form = world.units[DRAFTED_BY], form_bytes("pledge")
    assert save_draft(number=None, unit=unit, told=told, xlsform=form, by="centre", now=CLOCK) == DRAFT


FAMILIES = [*HOMES, ["beside"], ["moved"], ["shared"], ["left"], ["league"], ["party"]]
MEMBERS = {"key": "members", "kind": "persons"}
CAMPAIGNS = {
    "screening": [{"kind": "households", "role": ["pupil", "staff", "league_member", "party_member"]}],
    "double-five": [
        {"key": "branches", "kind": "units", "unit_kind": ["party_branch"]},
        MEMBERS | {"role": ["party_member"]},
    ],
    "oath": [MEMBERS | {"role": ["party_member"]}],
    "youth-commandos": [{"kind": "persons", "role": ["youth_commando"]}],
    "small-hands": [
        {"key": "brigades", "kind": "units", "unit_kind": ["brigade"]},
        MEMBERS | {"role": ["pioneer"]},
    ],
    "ten-ones": [{"kind": "persons", "role": ["pupil"]}],
}


def _build_answers(world: World) -> None:
    for code, audience in CAMPAIGNS.items():
        launch_campaign(
            code=code,
            name=code,
            name_en=code,
            issuer=world.units["xw"],
            audience=audience,
            schedule={"kind": "rounds" if code == "screening" else "once"},
            opens=at(1),
            closes=None,
            text="",
            by=BY,
            now=at(1),
        )
    for code in ("screening", "ten-ones"):
        publish_form(code=code, content=form_bytes(code), by=BY, now=at(1))
    open_round(campaign="screening", number=1, closes=at(20), by=BY, now=at(1))
    asked = {"campaign": "screening", "round": 1, "version": "1", "happened": at(3, 8), "channel": "phone"}
    for home, family in zip(world.households, FAMILIES, strict=True):
        sheets = [_sheet(world, person, home) for person in family]
        [receipt] = receive(envelopes=[Envelope(sheets=sheets, **asked)], by=BY, now=at(3))
        assert receipt.accepted, receipt
        verify(instance_ids=[sheet.instance_id for sheet in sheets], how="second_call", by=BY, now=at(3))


def _sheet(world: World, person: str, household: int) -> Sheet:
    told = canaries(person)
    answers = {"outcome": "reached", "place": "hubei", "purpose": "home", "returned_on": "2020-01-20"}
    answers |= {"contact_hubei": "yes", "occupation": "other", "symptoms": ["none"], "now_at": "home"}
    answers |= {"temperature": float(told["E"]), "note": told["F"]}
    return Sheet(f"i-{person}", "person", world.people[person], answers, household=household)


REFUSED = "退件-里面写了什么"


def _refuse(world: World) -> None:
    sheet = Sheet(REFUSED, "person", world.people["elsewhere"], {"outcome": "nonsense"})
    fields = {"campaign": "screening", "round": 1, "version": "1", "happened": at(3, 8), "channel": "phone"}
    [receipt] = receive(envelopes=[Envelope(sheets=[sheet], **fields)], by=BY, now=at(4))
    assert not receipt.accepted


def _bring_a_list(world: World) -> None:
    """A row of it says what the registry says of `pupil`, who is its candidate."""
    listing = add_list(source="外单位", title="外名单", topic="returnees", by=BY, now=at(4))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        told = canaries("pupil")
        path.write_text(f"姓名,身份证号,手机号\n{told['B']},{told['D']},{told['C']}\n", "utf-8")
        setting = Setting(at(4).date(), invented=True)
        imported = examine(path, "list", directory=NamedUnits([]), setting=setting)
        bring_issue(listing=listing, imported=imported, by=BY, now=at(4))
    state = RowState.objects.get()
    candidate = NewCandidate(world.people["pupil"], 0.5, [("name", "equal")], "e")
    proposal = NewProposal(state.row_id, state.pk, "review", 0.5, candidates=[candidate])
    record_run(run=NewRun(listing, "1", 1, True, 1, [proposal]), by=BY, now=at(4))


def _move(world: World) -> None:
    transfer(
        person=world.people["moved"], to_unit=world.units["s2-1"], day=date(2020, 2, 5), by=BY, now=at(5)
    )
    left = Post.objects.filter(person=world.people["left"], recorded_until=None)
    end_posts(posts=left.values_list("pk", flat=True), day=date(2020, 2, 4), by=BY, now=at(5))
    appoint(posts=[NewPost(world.people["teacher"], world.units["s1"], "head", START)], by=BY, now=at(5))


def _open_accounts(world: World) -> None:
    new = []
    for name, held in ACTORS.items():
        grants = [(role, world.units[unit], START) for role, unit in held]
        person = world.people["teacher"] if name == "class" else None
        new.append(NewAccount(name, f"号{name}", person, grants=grants))
    ids = open_accounts(accounts=new, by=BY, now=at(6))
    world.accounts = {name: Account.objects.get(pk=pk) for name, pk in zip(ACTORS, ids, strict=True)}
    say = {"role": "head", "unit": world.units["s1"], "by": BY, "now": at(12, 17)}
    grant(account=world.accounts["later"], since=date(2020, 2, 13), **say)
    held = grant(account=world.accounts["gone"], since=START, **say)
    revoke(grant=held, day=date(2020, 2, 12), by=BY, now=at(12, 17))
    assert Grant.objects.filter(account=world.accounts["gone"], recorded_until=None).exists()
    [pk] = open_accounts(accounts=[NewAccount("closed", "closed")], by=BY, now=at(12, 17))
    close_account(account=Account.objects.get(pk=pk), by=BY, now=at(12, 17))
    world.welcome = tokens.PREFIX + "nobody"
