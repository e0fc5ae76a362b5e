"""The builder: each step is kept, nothing is asked before the last, what is wrong is told at its field."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from tests.forms import xlsform

from fangxian.campaigns.audiences import asked_within, count_asked, members, read_audience
from fangxian.campaigns.drafts import find_plan, xlsform_of
from fangxian.campaigns.models import Campaign, Draft, Round
from fangxian.kernel.changes import head_position
from fangxian.kernel.models import Change
from fangxian.kernel.moments import day_of
from fangxian.registry.models import Post
from fangxian.registry.tree import tree
from fangxian.submissions import gallery
from fangxian.submissions.actions import Envelope, Sheet, publish_draft, receive
from fangxian.submissions.models import BurdenChoice, FormVersion

from .conftest import BY, CLOCK, Town, at

pytestmark = pytest.mark.django_db
SURVEY = [
    ["type", "name", "label::中文 (zh)", "label::English (en)", "required", "relevant"],
    ["select_one yes_no", "open", "开门吗？", "Is it open?", "yes", ""],
    ["integer", "people", "多少人？", "How many people?", "yes", "${open} = 'yes'"],
    ["text", "note", "备注", "Remarks", "", ""],
]
CHOICES = [
    ["list_name", "name", "label::中文 (zh)", "label::English (en)"],
    ["yes_no", "yes", "是", "Yes"],
    ["yes_no", "no", "否", "No"],
]


def book(*rows: list[str], title: str = "门岗检查") -> bytes:
    survey = [*SURVEY, *rows]
    return xlsform({"survey": survey, "choices": CHOICES}, form_title=title, form_id="gate-check")


def upload(client: Client, content: bytes, name: str = "gate.xlsx", path: str = "/campaigns/new/") -> Any:
    return client.post(path, {"file": SimpleUploadedFile(name, content)})


def started(client: Client, code: str = "") -> int:
    """A draft's number, with a form of its own or of the gallery."""
    answer = client.post("/campaigns/new/", {"gallery": code}) if code else upload(client, book())
    assert answer.status_code == 302, answer.content.decode()
    return int(answer["Location"].split("/")[3])


SCHOOLS = {"kind": "units", "unit_kind": ["school"]}
PUPILS = {"kind": "persons", "role": ["pupil"]}


def decided(client: Client, audience: dict[str, Any] = SCHOOLS, code: str = "", **schedule: str) -> int:
    number = started(client, code)
    assert client.post(f"/campaigns/new/{number}/audience/", audience).status_code == 302
    told = {"kind": "once"} | schedule
    assert client.post(f"/campaigns/new/{number}/schedule/", told).status_code == 302
    return number


def named(code: str = "gate-check", **more: str) -> dict[str, str]:
    return {"name": "门岗检查", "name_en": "Gate check", "code": code, "notice": ""} | more


def envelope(*sheets: Sheet, campaign: str = "gate-check") -> Envelope:
    return Envelope(
        campaign=campaign, round=1, version="1", happened=CLOCK, channel="web", sheets=list(sheets)
    )


def words(answer: Any) -> str:
    return " ".join(html.fromstring(answer.content.decode()).text_content().split())


# ------------------------------------------------------------------------------------------- the way


def test_a_draft_can_be_left_and_come_back_to_and_asks_nothing_of_anybody(bureau: Client) -> None:
    before = head_position()
    number = started(bureau)
    assert not Campaign.objects.exists() and not FormVersion.objects.exists()
    bureau.post(f"/campaigns/new/{number}/audience/", SCHOOLS)
    assert f"/campaigns/new/{number}/schedule/" in bureau.get("/campaigns/new/").content.decode()
    assert find_plan(number).told["audience"]["unit_kind"] == ["school"]
    assert Draft.objects.filter(number=number).count() == 2, "each save is a row of its own"
    assert head_position() == before, "no figure is counted anew because of a draft"


def test_each_step_opens_before_and_after_it_is_decided(bureau: Client, town: Town) -> None:
    number = started(bureau)
    steps = ("form", "audience", "schedule", "preview", "publish")
    for step in steps:
        assert bureau.get(f"/campaigns/new/{number}/{step}/").status_code == 200
    number = decided(bureau)
    for step in (*steps, "burden"):
        assert bureau.get(f"/campaigns/new/{number}/{step}/").status_code == 200


def test_from_a_form_to_a_campaign(bureau: Client, town: Town) -> None:
    number = decided(bureau, due="2020-02-13T18:00", closes="2020-02-14T18:00")
    bureau.post(f"/campaigns/new/{number}/burden/", {})
    answer = bureau.post(f"/campaigns/new/{number}/publish/", named())
    assert (answer.status_code, answer["Location"]) == (302, "/campaigns/gate-check/")
    made = Campaign.objects.get(code="gate-check")
    assert (made.name, made.name_en, made.issuer_id) == ("门岗检查", "Gate check", town.units["xw"])
    assert made.audience == [{"key": "units", "kind": "units", "unit_kind": ["school"]}]
    assert made.schedule == {"kind": "once", "due": at(13, 18).isoformat()} and made.closes == at(14, 18)
    assert Round.objects.get(campaign=made).number == 1
    assert FormVersion.objects.get(form="gate-check").title == "门岗检查"
    assert bureau.get(f"/campaigns/new/{number}/publish/").status_code == 404, "it is no draft any more"
    sheet = Sheet("i-1", "unit", town.units["s1"], {"open": "no"})
    assert receive(envelopes=[envelope(sheet)], by=BY, now=CLOCK)[0].accepted


@pytest.mark.parametrize(
    ("sent", "schedule", "rounds"),
    [
        ({"kind": "daily", "due_time": "17:00"}, {"kind": "daily", "due": "17:00"}, 0),
        ({"kind": "daily", "within_days": "7"}, {"kind": "daily", "within_days": 7}, 0),
        ({"kind": "rounds"}, {"kind": "rounds"}, 1),
        ({"kind": "once", "voluntary": "yes"}, {"kind": "once", "voluntary": True}, 1),
    ],
)
def test_schedules(bureau: Client, sent: dict[str, str], schedule: dict[str, Any], rounds: int) -> None:
    number = decided(bureau, **sent)
    assert bureau.post(f"/campaigns/new/{number}/publish/", named()).status_code == 302
    made = Campaign.objects.get(code="gate-check")
    assert made.schedule == schedule and made.rounds.count() == rounds


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "weekly"}, "kind"),
        ({"kind": "once", "due": "2020-02-12T11:00"}, "due"),
        ({"kind": "once", "due": "soon"}, "due"),
        ({"kind": "once", "due": "2020-02-14T18:00", "closes": "2020-02-13T18:00"}, "closes"),
        ({"kind": "daily", "due_time": "25:00"}, "due_time"),
        ({"kind": "daily", "within_days": "0"}, "within_days"),
        ({"kind": "daily", "within_days": "sieben"}, "within_days"),
    ],
)
def test_what_is_wrong_with_a_schedule_stands_at_its_field(
    bureau: Client, sent: dict[str, str], field: str
) -> None:
    number = started(bureau)
    answer = bureau.post(f"/campaigns/new/{number}/schedule/", sent)
    page = html.fromstring(answer.content)
    assert answer.status_code == 422 and page.xpath(f"//p[@id='e-{field}']")
    assert page.xpath(f"//*[@id='faults']//a[@href='#f-{field}']"), "and on top"
    assert "schedule" not in find_plan(number).told


# ------------------------------------------------------------------------------------------- forms


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"\0" * (80 << 20))
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"PK", "gate.xlsx", ""),
        (b"type,name", "gate.csv", ".xlsx"),
        (bomb(), "gate.xlsx", "MB"),
        (book(["select_one nothing", "x", "问", "Ask", "", ""]), "gate.xlsx", "5"),
        (book(["integer", "x", "问", "Ask", "", "${nobody} > 1"]), "gate.xlsx", "nobody"),
        (book(["integer", "x", "问", "Ask", "", "pulldata('a', 'b')"]), "gate.xlsx", "pulldata"),
        (
            book(["begin repeat", "x", "问", "Ask", "", ""], ["end repeat", "", "", "", "", ""]),
            "gate.xlsx",
            "repeat",
        ),
    ],
)
def test_a_file_that_is_no_sound_form_is_refused_where_it_was_chosen(
    bureau: Client, content: bytes, name: str, said: str
) -> None:
    answer = upload(bureau, content, name)
    fault = html.fromstring(answer.content).xpath("//p[@id='e-file']")
    assert answer.status_code == 422 and fault and said in fault[0].text_content()
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["chart", "x", "问", "Ask", "", ""], "survey工作表第5行type列：没有“chart”"),
        (["select_one nothing", "x", "问", "Ask", "", ""], "survey工作表第5行type列"),
        (["integer", "", "问", "Ask", "", ""], "survey工作表第5行name列"),
        (["integer", "1 x", "问", "Ask", "", ""], "survey工作表第5行name列"),
        (["integer", "people", "问", "Ask", "", ""], "survey工作表第5行name列：“people”"),
        (["integer", "x", "", "", "", ""], "survey工作表第5行label列"),
        (["integer", "x", "问", "Ask", "", "${nobody} > 1"], "survey工作表第5行relevant列：没有“nobody”"),
        (["begin group", "x", "问", "Ask", "", ""], "survey工作表第5行type列"),
        (["end group", "", "", "", "", ""], "survey工作表第5行type列"),
        (["integer", "x", "问", "Ask", "", "pulldata('a', 'b')"], "survey工作表第5行relevant列"),
    ],
)
def test_a_refusal_names_sheet_row_and_column(bureau: Client, row: list[str], said: str) -> None:
    answer = upload(bureau, book(row))
    fault = html.fromstring(answer.content.decode()).xpath("//p[@id='e-file']")[0].text_content()
    assert answer.status_code == 422 and said in fault, fault


def test_every_form_of_the_gallery_can_be_taken_and_downloaded(bureau: Client) -> None:
    for entry in gallery.entries():
        number = started(bureau, entry.code)
        assert find_plan(number).told["form"]["source"] == entry.code
        assert bureau.get(f"/campaigns/new/gallery/{entry.code}.xlsx").content == gallery.form_bytes(
            entry.code
        )
        assert bureau.get(f"/campaigns/new/{number}/preview/").status_code == 200
        page = html.fromstring(bureau.get(f"/campaigns/new/{number}/publish/").content.decode())
        assert page.xpath("//input[@name='name_en']/@value") == [entry.title["en"]], "named in English too"


def test_the_gallery_speaks_english(bureau: Client) -> None:
    bureau.cookies["django_language"] = "en"
    page = html.fromstring(bureau.get("/campaigns/new/").content.decode())
    named = [one.text_content() for one in page.xpath("//ul[contains(@class, 'gallery')]//b")]
    assert named == [entry.title["en"] for entry in gallery.entries()]


def test_another_file_takes_the_place_of_the_first_and_the_rest_stays(bureau: Client) -> None:
    number = decided(bureau)
    assert upload(bureau, book(title="新版"), path=f"/campaigns/new/{number}/form/").status_code == 302
    assert find_plan(number).told["form"]["title"] == "新版" and find_plan(number).audience


def test_the_preview_and_the_files_show_the_form(bureau: Client) -> None:
    number = started(bureau)
    page = words(bureau.get(f"/campaigns/new/{number}/preview/"))
    assert "开门吗？" in page and "多少人？" in page and "subjects.csv" in page
    assert b"subjects" in bureau.get(f"/campaigns/new/{number}/form.xml").content
    assert bureau.get(f"/campaigns/new/{number}/form.xlsx").content == xlsform_of(number)
    assert bureau.get(f"/campaigns/new/{number}/form.pdf").status_code == 404


# ------------------------------------------------------------------------------------------- audience


AUDIENCES = [
    {"kind": "units", "unit_kind": ["school"]},
    {"kind": "units", "unit_kind": ["school", "class"], "under": "c1"},
    {"kind": "persons", "role": ["pupil"]},
    {"kind": "persons", "role": ["pupil", "first_responsible"], "under": "s1"},
    {"kind": "persons", "role": ["pupil"], "unit_kind": ["school"]},
    {"kind": "households", "role": ["pupil"]},
    {"kind": "households", "role": ["pupil"], "under": "c2"},
]


@pytest.mark.parametrize("told", AUDIENCES)
def test_the_count_is_of_those_whom_a_campaign_would_take(town: Town, told: dict[str, Any]) -> None:
    """Counted, listed and checked one by one: three times the same."""
    selector = read_audience("x", [told])[0]
    day, position = day_of(CLOCK), head_position()
    counted = count_asked(selector, None, day=day, position=position)
    listed = asked_within([selector], None, day=day, position=position, limit=1_000)
    everybody = [*town.units.values(), *town.pupils, *town.heads.values(), *town.households]
    taken = members([selector], selector.kind, everybody, day=day, position=position)
    assert counted.subjects == {subject for _kind, subject, _unit in listed} == set(taken)
    assert set(taken.values()) <= counted.units


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.data())
def test_who_is_asked_is_who_has_such_a_post_on_the_day(town: Town, chance: Any) -> None:
    """Of persons, beside the plain meaning: each post looked at by itself, on any day, as of any position."""
    told = chance.draw(st.sampled_from([told for told in AUDIENCES if told["kind"] == "persons"]))
    day = CLOCK.date() + timedelta(days=chance.draw(st.integers(-60, 60)))
    position = chance.draw(st.integers(0, head_position()))
    people = chance.draw(st.sets(st.sampled_from([*town.pupils, *town.heads.values(), 10**9])))
    selector = read_audience("x", [told])[0]
    units = tree(day, position)
    root = units.by_code.get(selector.under)
    below = set(units.under(root)) if root is not None else set()
    plain = {
        (post.person_id, post.unit_id)
        for post in Post.objects.select_related("unit")
        if post.person_id in people
        and post.recorded <= position < (post.recorded_until or position + 1)
        and post.valid_from <= day < (post.valid_until or day + timedelta(days=1))
        and post.role in selector.roles
        and (not selector.unit_kinds or post.unit.kind in selector.unit_kinds)
        and (not selector.under or post.unit_id in below)
    }
    found = members([selector], "person", people, day=day, position=position)
    assert set(found) == {person for person, _unit in plain} and set(found.items()) <= plain


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (SCHOOLS, ("3", "单位s1")),
        (PUPILS, ("9", "3")),
        (PUPILS | {"under": "c1"}, ("5", "单位s1-1")),
        (PUPILS | {"under": "单位c2 (c2)"}, ("4", "单位s3-1")),
        (PUPILS | {"under": "单位s3"}, ("4", "单位s3-1")),
        ({"kind": "households", "role": ["pupil"]}, ("4",)),
    ],
)
def test_the_count_changes_as_one_chooses(
    bureau: Client, sent: dict[str, Any], said: tuple[str, ...]
) -> None:
    number = started(bureau)
    told = words(bureau.get(f"/campaigns/new/{number}/audience/count/", sent, headers={"HX-Request": "true"}))
    assert all(one in told for one in said), told


@pytest.mark.parametrize("sent", [{}, {"kind": "units"}, {"kind": "persons"}, PUPILS | {"under": "nowhere"}])
def test_an_audience_of_nobody_is_not_kept(bureau: Client, sent: dict[str, Any]) -> None:
    number = started(bureau)
    assert bureau.post(f"/campaigns/new/{number}/audience/", sent).status_code == 422
    assert "audience" not in find_plan(number).told


def test_a_centre_asks_under_itself_alone_and_others_drafts_do_not_exist(visitor: Any, town: Town) -> None:
    centre, other = visitor("centre"), visitor("other")
    number = started(centre)
    centre.post(f"/campaigns/new/{number}/audience/", SCHOOLS)
    assert find_plan(number).told["audience"]["under"] == "c1"
    assert find_plan(number).unit == town.units["c1"]
    assert centre.post(f"/campaigns/new/{number}/audience/", SCHOOLS | {"under": "c2"}).status_code == 422
    assert "单位s3" not in words(centre.get(f"/campaigns/new/{number}/audience/"))
    for step in ("form/", "audience/", "publish/", "form.xml"):
        assert other.get(f"/campaigns/new/{number}/{step}").status_code == 404
    assert other.post(f"/campaigns/new/{number}/drop/").status_code == 404
    assert f"/campaigns/new/{number}/" not in other.get("/campaigns/new/").content.decode()
    assert visitor("head").get("/campaigns/new/").status_code == 403


# ------------------------------------------------------------------------------------------- burden


def test_what_was_answered_lately_is_found_and_can_be_dropped_or_prefilled(
    bureau: Client, town: Town
) -> None:
    first = decided(bureau)
    bureau.post(f"/campaigns/new/{first}/publish/", named())
    for n, school in enumerate(("s1", "s2")):
        sheet = Sheet(f"i-{n}", "unit", town.units[school], {"open": "yes", "people": 40 + n})
        receive(envelopes=[envelope(sheet)], by=BY, now=CLOCK)
    number = decided(bureau)
    page = html.fromstring(bureau.get(f"/campaigns/new/{number}/burden/").content)
    rows = {
        row.xpath(".//select/@name")[0]: " ".join(row.text_content().split())
        for row in page.xpath("//tbody/tr")
    }
    assert set(rows) == {"q-open", "q-people"} and all("2 / 3" in row for row in rows.values())
    answer = bureau.post(f"/campaigns/new/{number}/burden/", {"q-open": "drop", "q-people": "keep"})
    assert answer.status_code == 422, "another question asks after it"
    told = {"q-open": "prefill", "q-people": "drop"}
    assert bureau.post(f"/campaigns/new/{number}/burden/", told).status_code == 302
    bureau.post(f"/campaigns/new/{number}/publish/", named("gate-2"))
    version = FormVersion.objects.get(form="gate-2")
    assert [q["name"] for q in version.fields["questions"]] == ["open", "note"]
    kept = BurdenChoice.objects.filter(version=version).values_list("question", "choice", "people")
    assert set(kept) == {("open", "prefill", 2), ("people", "drop", 2)}


def test_the_burden_is_minutes_times_the_audience(bureau: Client) -> None:
    number = decided(bureau, PUPILS)
    page = words(bureau.get(f"/campaigns/new/{number}/burden/"))
    # 15 to open and send, one choice 5, a number asked after another 8 / 2, a text 25: 49 seconds, of nine
    assert "0.8" in page and "7.3" in page


# ------------------------------------------------------------------------------------------- publishing


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"code": "Gate Check"}, "code"),
        ({"code": "new"}, "code"),
        ({"code": "taken"}, "code"),
    ],
)
def test_what_is_wrong_with_a_name_or_code_stands_at_its_field(
    bureau: Client, given: dict[str, str], field: str
) -> None:
    bureau.post(f"/campaigns/new/{decided(bureau)}/publish/", named("taken"))
    number = decided(bureau)
    answer = bureau.post(f"/campaigns/new/{number}/publish/", named() | given)
    assert answer.status_code == 422 and html.fromstring(answer.content).xpath(f"//p[@id='e-{field}']")
    assert Campaign.objects.count() == 1
    kept = html.fromstring(bureau.get(f"/campaigns/new/{number}/publish/").content)
    assert kept.xpath("//input[@id='f-name_en']/@value") == ["Gate check"], "nothing typed is lost"


def test_what_is_unfinished_is_not_published(bureau: Client) -> None:
    number = started(bureau)
    assert bureau.post(f"/campaigns/new/{number}/publish/", named()).status_code == 422
    assert not Campaign.objects.exists()


def test_a_dropped_draft_is_gone(bureau: Client) -> None:
    number = started(bureau)
    assert bureau.post(f"/campaigns/new/{number}/drop/").status_code == 302
    assert bureau.get(f"/campaigns/new/{number}/form/").status_code == 404
    assert f"/campaigns/new/{number}/" not in bureau.get("/campaigns/new/").content.decode()


def test_publishing_is_one_act(bureau: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks in it leaves nothing behind, and the draft as it was."""
    number = decided(bureau)
    bureau.post(f"/campaigns/new/{number}/publish/", named("Gate"))  # keeps the names
    monkeypatch.setattr("fangxian.submissions.actions.publish_form", lambda **_: 1 / 0)
    told = dict(find_plan(number).told) | {"code": "gate"}
    from fangxian.campaigns.actions import save_draft

    save_draft(number=number, unit=find_plan(number).unit, told=told, by=BY, now=CLOCK)
    before = Change.objects.count()
    with pytest.raises(ZeroDivisionError):
        publish_draft(draft=number, by=BY, now=CLOCK)
    assert Change.objects.count() == before and not Campaign.objects.exists()
    assert find_plan(number).state == "open"


@pytest.mark.parametrize("step", ["audience/", "audience/count/", "burden/", "publish/"])
def test_a_step_costs_as_many_queries_for_few_as_for_many(
    bureau: Client, town: Town, step: str, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counted = []
    for under in ("s1-2", "xw"):
        number = decided(bureau, PUPILS | {"under": under})
        with CaptureQueriesContext(connection) as captured:
            bureau.get(f"/campaigns/new/{number}/{step}", PUPILS | {"under": under})
        counted.append(len(captured))
    assert counted[0] == counted[1] < 40
