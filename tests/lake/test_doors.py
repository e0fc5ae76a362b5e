"""From the scenario's forms and the doors that people use to columns of the lake."""

from datetime import timedelta

from fangxian.campaigns.actions import launch_campaign
from fangxian.figures.sync import check_lake, sync_lake
from fangxian.kernel.home import Home
from fangxian.lake.answers import coded_questions
from fangxian.lake.reader import Lake
from fangxian.scenario.forms import form_bytes
from fangxian.submissions.actions import Envelope, Sheet, publish_form, receive, verify, withdraw
from fangxian.submissions.forms import compile_xlsform

from .world import World

# What the figures read of each campaign's form; a form may ask more.
READ = {
    "screening": {
        "outcome": "string",
        "place": "string",
        "purpose": "string",
        "returned_on": "day",
        "contact_hubei": "string",
        "occupation": "string",
        "temperature": "float64",
        "symptoms": "strings",
        "now_at": "string",
    },
    "pledge": {"signed": "string"},
    "oath": {"attended": "string"},
    "double-five": {"who": "string", "branch_items": "strings", "member_items": "strings"},
    "disinfection": {"done": "string"},
    "training-institutions": {"open": "string", "violations": "int64"},
    "sports-venues": {"gatherings": "int64"},
    "supplies": {"goods": "string", "amount": "float64"},
    "difficulties": {"kind": "string", "due": "day", "state": "string"},
    "learning-at-home": {"attended": "int64", "expected": "int64", "offline": "int64"},
}


def test_what_figures_read_of_the_scenarios_forms_reaches_the_lake() -> None:
    for form, read in READ.items():
        questions = compile_xlsform(form_bytes(form)).dump()["questions"]
        coded = coded_questions(questions)
        assert {name: coded.get(name) for name in read} == read, form
        assert "note" not in coded


def test_a_pledge_comes_through_the_door_and_can_be_verified_and_withdrawn(
    lake_home: Home, world: World
) -> None:
    pupil, other = world.enrol(2)
    launch_campaign(
        code="pledge",
        name="承诺书",
        name_en="Pledge",
        issuer=world.units["xw"],
        audience=[{"key": "members", "kind": "persons", "role": ["pupil"]}],
        schedule={"kind": "once"},
        opens=world.tick(),
        by="test",
        now=world.now,
    )
    form = publish_form(code="pledge", content=form_bytes("pledge"), by="test", now=world.tick())
    happened = world.tick()
    envelopes = [
        Envelope(
            "pledge", 1, form.version, [Sheet(name, "person", person, {"signed": "yes"})], happened, "web"
        )
        for name, person in (("one", pupil), ("other", other))
    ]
    receipts = receive(envelopes=envelopes, by="test", now=world.tick())
    assert [receipt.problems for receipt in receipts] == [[], []]
    sync_lake(lake_home)
    verify(instance_ids=["one"], how="second_call", by="test", now=world.tick())
    day = happened.date() + timedelta(days=1)
    withdraw(instance_ids=["other"], day=day, reason="", by="test", now=world.tick())
    sync_lake(lake_home)
    lake = Lake(lake_home)
    signed = lake.relation("answers/pledge").project("a_signed, channel, unit, late, day").fetchall()
    assert signed == [("yes", "web", world.units["k1"], False, happened.date())] * 2
    (one,), (gone,) = (receipt.submissions for receipt in receipts)
    verified = lake.relation("verifications").project("submission, form, how").fetchall()
    assert verified == [(one, "pledge", "second_call")]
    revised = lake.relation("revisions").project("submission, form, kind, day").fetchall()
    assert revised == [(gone, "pledge", "withdrawn", day)]
    assert check_lake(lake_home) == []
