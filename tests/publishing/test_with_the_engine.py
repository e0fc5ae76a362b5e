"""The real thing: actions write, the lake follows, the engine counts, the paper is issued and holds."""

from datetime import date, datetime, timedelta

import pytest

from fangxian.campaigns.actions import launch_campaign
from fangxian.figures.engine import Engine
from fangxian.figures.sync import sync_lake
from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.home import Home
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.lake import apart
from fangxian.publishing import queries
from fangxian.publishing.actions import issue_bulletin
from fangxian.publishing.models import Bulletin
from fangxian.registry.actions import NewCover, NewPerson, NewUnit, add_covers, add_units, enrol
from fangxian.registry.tree import forget_trees
from fangxian.scenario.forms import form_bytes
from fangxian.submissions.actions import Envelope, Sheet, publish_form, receive, retract

SINCE = date(2019, 9, 1)
EVENING = datetime(2020, 2, 12, 18, 20, tzinfo=OFFICE_ZONE)
LATER = EVENING + timedelta(days=2)
MEMBERS = {"kind": "persons", "role": ["party_member"]}
CAMPAIGNS = {
    "pledge": [{"key": "members", **MEMBERS}],
    "oath": [{"key": "members", **MEMBERS}],
    "double-five": [
        {"key": "branches", "kind": "units", "unit_kind": ["party_branch"]},
        {"key": "members", **MEMBERS},
    ],
    "ten-ones": [{"key": "pupils", "kind": "persons", "role": ["pupil"]}],
    "small-hands": [
        {"key": "brigades", "kind": "units", "unit_kind": ["brigade"]},
        {"key": "members", "kind": "persons", "role": ["pioneer"]},
    ],
    "youth-commandos": [{"key": "members", "kind": "persons", "role": ["youth_commando"]}],
}


def morning(day: int) -> datetime:
    return datetime(2020, 2, day, 9, tzinfo=OFFICE_ZONE)


@pytest.fixture
def office(transactional_db: None, other_home: Home):
    """A Party branch of three members, two of whom signed; a school with two pupils, in a zone."""
    forget_trees()
    units = add_units(
        units=[
            NewUnit("xw", "bureau", "试验市教育体育局", None, SINCE),
            NewUnit("o1", "office", "办公室", "xw", SINCE),
            NewUnit("c1", "centre", "东山中心学校", "xw", SINCE),
            NewUnit("s1", "school", "东山小学", "c1", SINCE, stage="primary"),
            NewUnit("k1", "class", "一班", "s1", SINCE),
            NewUnit("pc", "party_committee", "局党委", None, SINCE),
            NewUnit("pb", "party_branch", "机关支部", "pc", SINCE),
            NewUnit("hq", "headquarters", "指挥部", None, SINCE),
            NewUnit("z1", "zone", "第一战区", "hq", SINCE),
        ],
        by="test",
        now=morning(1),
    )
    covers = [("xw", "pc", "host"), ("o1", "pb", "host"), ("xw", "hq", "host"), ("z1", "c1", "zone")]
    covers.append(("z1", "o1", "zone"))
    add_covers(covers=[NewCover(*cover, SINCE) for cover in covers], by="test", now=morning(1))
    posts = [("k1", "pupil"), ("k1", "pupil"), *[("pb", "party_member")] * 3]
    people = enrol(
        people=[NewPerson(f"人{n}", posts=((units[u], role, SINCE),)) for n, (u, role) in enumerate(posts)],
        by="test",
        now=morning(1),
    )
    for day, (code, audience) in enumerate(CAMPAIGNS.items(), start=2):
        launched = {"code": code, "name": code, "name_en": code, "issuer": units["xw"], "audience": audience}
        now = morning(day)
        launch_campaign(**launched, schedule={"kind": "once"}, opens=now, text="承诺。", by="test", now=now)
        publish_form(code=code, content=form_bytes(code), by="test", now=now)
    version = _version("pledge")
    envelopes = [
        Envelope(
            "pledge",
            1,
            version,
            (Sheet(f"pledge-{n}", "person", people[n], {"signed": "yes"}),),
            morning(10),
            "web",
        )
        for n in (2, 3)
    ]
    receipts = receive(envelopes=envelopes, by="test", now=morning(10))
    assert all(receipt.accepted for receipt in receipts), receipts
    yield other_home
    apart.close()


def _version(code: str) -> str:
    from fangxian.submissions.models import FormVersion

    return str(FormVersion.objects.get(form=code).version)


def engine_of(home: Home) -> Engine:
    sync_lake(home)
    return Engine(home)


def issued(home: Home, template: bytes, engine: Engine) -> Bulletin:
    at = AsOf.at(EVENING, position=head_position())
    return issue_bulletin(at=at, template=template, by="test", now=EVENING, engine=engine, home=home)


def test_a_retracted_pledge_changes_what_is_known_not_the_paper(office: Home, template: bytes) -> None:
    bulletin = issued(office, template, engine_of(office))
    tells_what_the_ledger_holds(bulletin)
    retract(instance_ids=["pledge-2"], reason="误录", by="test", now=LATER)
    engine = engine_of(office)
    assert queries.recount(bulletin, engine=engine).sha256 == bulletin.content_sha256
    assert queries.changes(bulletin, known_by=LATER - timedelta(hours=1), engine=engine) == []
    (change,) = queries.changes(bulletin, known_by=LATER, engine=engine)
    told = queries.change_dump(change)
    assert (told["id"], told["was"], told["now"], told["difference"]) == ("party.pledges_signed", 2, 1, -1)
    ((record,),) = [told["records"]]
    assert record["change"] == "gone"
    (cause,) = record["causes"]
    assert (cause["kind"], cause["instance_id"], cause["reason"]) == ("retracted", "pledge-2", "误录")
    assert "2" in told["zh"] and "retracted" in told["en"]


def tells_what_the_ledger_holds(bulletin: Bulletin) -> None:
    told = {(f["figure"], f["unit"], f["part"]): f["value"] for f in bulletin.frozen["figures"]}
    assert told["party.pledges_signed", "xw", "value"] == 2
    assert told["party.members", "xw", "value"] == 3
    assert told["students.pupils", "z1", "value"] == 2
    assert told["coverage.ten-ones", "z1", "missing"] == 2
    assert told["command.zones", "xw", "value"] == 1
    paragraphs = ["".join(r["text"] for r in b.get("runs", ())) for b in bulletin.frozen["blocks"]]
    sentence = "2月3日，局机关0名党员参加主题党日宣誓，签订疫情防控承诺书2份"
    assert any(sentence in text for text in paragraphs)


def test_a_late_pledge_and_a_new_pupil_are_told_with_their_causes(office: Home, template: bytes) -> None:
    bulletin = issued(office, template, engine_of(office))
    from fangxian.registry.models import Post, Unit

    member = Post.objects.filter(role="party_member").order_by("-person").first()
    assert member is not None
    sheet = Sheet("late-1", "person", member.person_id, {"signed": "yes"})
    (receipt,) = receive(
        envelopes=[Envelope("pledge", 1, _version("pledge"), (sheet,), morning(12), "web")],
        by="test",
        now=LATER,
    )
    assert receipt.accepted, receipt
    klass = Unit.objects.get(code="k1").pk
    enrol(people=[NewPerson("新来", posts=((klass, "pupil", SINCE),))], by="test", now=LATER)
    changes = {
        (change.reference.figure, change.reference.unit, change.reference.part): change
        for change in queries.changes(bulletin, known_by=LATER, engine=engine_of(office))
    }
    pledge = changes["party.pledges_signed", "xw", "value"]
    assert [cause.kind for record in pledge.records for cause in record.causes] == ["submitted"]
    pupils = changes["students.pupils", "z1", "value"]
    assert pupils.difference == 1 and [record.causes for record in pupils.records] == [()]
    assert ("students.pupils", "xw", "value") in changes
