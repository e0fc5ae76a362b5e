"""Forms as plain pages, without a script: what is asked, what is refused, what is stored."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.forms import xlsform

from fangxian.access.actor import actor_of
from fangxian.access.authentication import reporter
from fangxian.access.models import Event, Token
from fangxian.access.tokens import revoke_households
from fangxian.campaigns.models import Campaign
from fangxian.kernel.home import current_home
from fangxian.kernel.sealed_files import open_sealed, place
from fangxian.submissions.instances import entry_of, read_instance
from fangxian.submissions.known import Known
from fangxian.submissions.models import (
    Attachment,
    BurdenChoice,
    FormVersion,
    Refusal,
    Revision,
    Submission,
)
from fangxian.web.doors.taking import take_here

from .town import CLOCK, HOME, PUPILS, Town, account, launch

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def hidden(page: str) -> dict[str, str]:
    """What the page's form would post as it stands."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page.split("<template")[0]):
        told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if told.get("type") == "hidden" and told.get("name") not in (None, "next"):
            fields[told["name"]] = told.get("value", "")
    return fields


def text(answer: Any) -> str:
    return answer.content.decode()


def test_a_class_is_signed_for_in_one_envelope(town: Town, visit: Visit) -> None:
    teacher, ill, away = visit("teacher"), str(town.pupils[2]), str(town.pupils[30])
    page = text(teacher.get("/fill/morning/"))
    assert page.count('class="seat"') == PUPILS and "学生03" in page and "同学" not in page
    fields = hidden(page) | {f"{ill}.except": "1", f"{away}.except": "1"}
    again = text(teacher.post("/fill/morning/", fields))
    assert again.count("data-sheet=") == 3, "their sheets, and the blank one; nothing is stored yet"
    assert not Submission.objects.exists()
    fields = hidden(again) | {f"{ill}.except": "1", f"{away}.except": "1"}
    fields |= {f"{ill}-state": "ill", f"{ill}-temperature": "37.8", f"{ill}-symptoms": ["fever", "cough"]}
    fields |= {f"{away}-state": "away"}
    answer = teacher.post("/fill/morning/", fields)
    assert (answer.status_code, answer["Location"]) == (302, "/fill/morning/?sent=yes")
    rows = Submission.objects.all()
    assert len({row.envelope_id for row in rows}) == 1 and len(rows) == PUPILS
    told = {row.subject: row.answers for row in rows}
    assert told.pop(int(ill)) == {"state": "ill", "temperature": 37.8, "symptoms": ["fever", "cough"]}
    assert told.pop(int(away)) == {"state": "away"}
    assert all(answers == {"state": "well"} for answers in told.values())
    assert {row.channel for row in rows} == {"class"} and {row.by for row in rows} == {"teacher"}
    assert teacher.post("/fill/morning/", fields).status_code == 302, "sent again, it is there once"
    assert Submission.objects.count() == PUPILS
    assert text(teacher.get("/fill/morning/")).count('class="seat"') == 0, "all are in"


def test_what_is_amiss_is_said_at_the_field_and_nothing_is_lost(town: Town, visit: Visit) -> None:
    teacher, ill = visit("teacher"), str(town.pupils[2])
    fields = hidden(text(teacher.get("/fill/morning/")))
    fields |= {f"{ill}.except": "1", f"{ill}.open": "1", f"{ill}-state": "ill", f"{ill}-temperature": "50"}
    answer = teacher.post("/fill/morning/", fields)
    page = text(answer)
    assert answer.status_code == 422 and "体温应在34到43之间。" in page
    assert f'<a href="#q-{ill}-temperature">' in page and 'value="50"' in page
    assert page.count('class="seat"') == PUPILS and not Submission.objects.exists()
    told = teacher.post("/fill/morning/", fields, headers={"Accept": "application/json"})
    assert told.status_code == 422 and list(told.json()["faults"][ill]) == ["temperature"]


def test_any_ordinary_form_with_a_photo_and_a_typed_place(town: Town, visit: Visit) -> None:
    inspector = visit("inspector")
    page = text(inspector.get("/fill/visit/"))
    assert all(f"第{n}小学" in page for n in "123") and "还缺" in page
    address = "/fill/visit/unit/s2/"
    fields = hidden(text(inspector.get(address)))
    photo = SimpleUploadedFile("IMG_1.jpg", b"a photo", "image/jpeg")
    fields |= {
        "s2-open": "no",
        "s2-count": "3",
        "s2-place": "26.22，104.10",
        "s2-note": "两行\n字",
        "s2-photo": photo,
    }
    answer = inspector.post(address, fields)
    assert answer.status_code == 302
    row = Submission.objects.get()
    assert row.answers == {"open": "no", "photo": "photo.jpg", "place": "26.22 104.10", "note": "两行\n字"}
    kept = Attachment.objects.get(submission=row)
    assert b"".join(open_sealed(place(current_home().attachments, kept.digest))) == b"a photo"
    assert "更正" in text(inspector.get("/fill/visit/"))


def test_a_pledge_shows_what_is_signed_and_keeps_which(town: Town, visit: Visit) -> None:
    teacher = visit("teacher")
    assert teacher.get("/fill/pledge/")["Location"] == "/fill/pledge/unit/s1-1/"
    page = text(teacher.get("/fill/pledge/unit/s1-1/"))
    assert "一、不隐瞒。" in page
    fields = hidden(page) | {"s1-1-signed": "OK"}
    assert teacher.post("/fill/pledge/unit/s1-1/", fields).status_code == 302
    row = Submission.objects.get()
    assert row.answers == {"signed": "OK"} and row.text.body.startswith("一、")


# ------------------------------------------------------------------------------------------ prefilled


@pytest.fixture
def evening(town: Town, db: None) -> str:
    """Asks some of what is asked at home; known answers are put in."""
    pupils = [{"kind": "persons", "role": ["pupil"], "under": "s2"}]
    launch("evening", "晚间登记", pupils, {"kind": "once"}, town.units["xw"], HOME)
    version = FormVersion.objects.get(form="evening")
    for at, name in enumerate(("unwell", "away", "what"), 1):
        row = {"question": name, "choice": "prefill", "people": 1, "recorded": version.recorded}
        BurdenChoice.objects.create(pk=at, version=version, **row)
    return "/fill/evening/person/{}/"


def said_at_home(client: Client, address: str, who: str) -> None:
    fields = hidden(text(client.get(address)))
    fields |= {f"{who}-unwell": "yes", f"{who}-away": "no", f"{who}-what": "头晕"}
    assert client.post(address, fields).status_code == 302


def put_in(page: str) -> set[str]:
    """The questions that stand answered, each with its note."""
    boxes = re.split(r'<(?:fieldset|div) class="q', page.split("<template")[0])[1:]
    noted = {
        found[1] for box in boxes if 'class="tag"' in box and (found := re.search(r'data-q="(\w+)"', box))
    }
    chosen = set(re.findall(r'name="\d+-(\w+)" value="\w+" checked', page))
    chosen |= {
        name for name, value in re.findall(r'name="\d+-(\w+)" value="([^"]+)"', page) if value == "头晕"
    }
    assert noted == chosen
    return noted


def test_what_one_said_before_stands_there_with_a_note_and_can_be_changed(
    town: Town, visit: Visit, evening: str
) -> None:
    teacher, who = visit("teacher2"), str(town.others[3])
    address = evening.format(who)
    assert put_in(text(teacher.get(address))) == set()
    said_at_home(teacher, f"/fill/at-home/person/{who}/", who)
    page = text(teacher.get(address))
    assert put_in(page) == {"unwell", "away", "what"} and "您于2月10日 07:56填过" in page
    fields = hidden(page) | {f"{who}-unwell": "yes", f"{who}-away": "yes", f"{who}-what": "好些了"}
    assert teacher.post(address, fields).status_code == 302
    sent = Submission.objects.get(campaign__code="evening")
    assert sent.answers == {"unwell": "yes", "away": "yes", "what": "好些了"}
    again = text(teacher.get(address))
    assert "好些了" in again and "填过" not in again, "a correction begins with the sheet itself"


def test_of_what_another_said_only_what_the_policy_shows_is_put_in(
    town: Town, visit: Visit, evening: str
) -> None:
    who = str(town.others[3])
    said_at_home(visit("teacher2"), f"/fill/at-home/person/{who}/", who)
    page = text(visit("inspector").get(evening.format(who)))
    assert put_in(page) == {"away"}, "of class A; neither health nor free text"
    assert "另一位老师于2月10日 07:56填过" in page and "头晕" not in page


def test_a_familys_link_sees_its_own_and_the_teacher_not_its_words(
    town: Town, visit: Visit, evening: str
) -> None:
    who, phone = str(town.others[0]), Client()
    at_home, page = f"/h/{town.link}/at-home/", f"/h/{town.link}/evening/"
    said_at_home(visit("teacher2"), f"/fill/at-home/person/{who}/", who)
    assert put_in(text(phone.get(page))) == set(), "what the school said of the child is not the family's"
    fields = hidden(text(phone.get(at_home)))
    for one in (str(town.pupils[0]), who):
        fields |= {f"{one}-unwell": "yes", f"{one}-away": "yes", f"{one}-what": "头晕"}
    assert phone.post(at_home, fields).status_code == 302
    assert put_in(text(phone.get(page))) == {"unwell", "away", "what"}
    shown = text(visit("teacher2").get(evening.format(who)))
    assert put_in(shown) == {"away"} and "家庭于2月10日 07:56填过" in shown and "头晕" not in shown


# ------------------------------------------------------------------------------------------ repeats

ROWS = [
    {"where": "武汉", "left": "2020-01-20", "how": "train", "train": {"coach": "7"}},
    {"where": "曲靖", "left": "2020-02-01", "how": "car", "train": {}},
]


def instance(subject: str, instance_id: str) -> bytes:
    """The same answers as ODK Collect sends them: every element, those that are not asked empty."""
    rows = ""
    for row in ROWS:
        rows += "<trips>" + "".join(f"<{name}>{row[name]}</{name}>" for name in ("where", "left", "how"))
        rows += f"<train><coach>{row['train'].get('coach', '')}</coach></train><ticket/></trips>"
    return (
        f'<data id="travel" version="1"><fangxian><subject>person:{subject}</subject></fangxian>'
        f"<away>yes</away>{rows}<people>4</people><meta><instanceID>{instance_id}</instanceID></meta></data>"
    ).encode()


def stored_from_a_device(subject: int) -> dict[str, Any]:
    """By the OpenRosa door's own reading, and `receive`."""
    known, sender = Known(), reporter(actor_of(account("teacher3"), now=CLOCK))
    assert sender is not None
    entry = entry_of(read_instance(instance(str(subject), f"uuid:device-{subject}")), known, sender)
    outcome = take_here([entry], sender, door="openrosa")[0]
    assert not outcome.receipt.problems
    return Submission.objects.get(instance_id=f"uuid:device-{subject}").answers


def test_rows_are_added_taken_out_and_stored_as_a_device_would(town: Town, visit: Visit) -> None:
    teacher, who = visit("teacher3"), str(town.third[0])
    address = f"/fill/travel/person/{who}/"
    page = text(teacher.get(address))
    assert f'name="add" value="{who}-trips"' in page and "data-row" not in page.split("<template")[0]
    fields = hidden(page) | {f"{who}-away": "yes", f"{who}-people": "4"}
    for add in range(3):
        answer = teacher.post(address, fields | {"add": f"{who}-trips"})
        assert answer.status_code == 200 and not Submission.objects.exists(), "nothing is sent yet"
        fields[f"{who}-trips.row"] = [str(at + 1) for at in range(add + 1)]
        assert re.findall(r'data-row="([0-9]+)"', text(answer)) == fields[f"{who}-trips.row"]
        if add < 2:
            row, key = ROWS[add], f"{who}-trips.{add + 1}-"
            fields |= {f"{key}{name}": row[name] for name in ("where", "left", "how")}
            fields |= {f"{key}coach": row["train"].get("coach", "9")}
    wrong = teacher.post(address, fields | {f"{who}-trips.2-left": "2031-01-01"})
    assert wrong.status_code == 422 and f'<a href="#q-{who}-trips.2-left">' in text(wrong)
    assert "那天还没有到。" in text(wrong) and 'value="武汉"' in text(wrong)
    dropped = text(teacher.post(address, fields | {"drop": f"{who}-trips.1"}))
    assert 'value="武汉"' not in dropped and 'value="曲靖"' in dropped
    assert teacher.post(address, fields).status_code == 302
    row = Submission.objects.get()
    assert row.answers == stored_from_a_device(town.third[1])
    assert row.answers["trips"] == [
        {"where": "武汉", "left": "2020-01-20", "how": "train", "coach": 7},
        {"where": "曲靖", "left": "2020-02-01", "how": "car"},
    ]
    again = text(teacher.get(address))
    assert 'value="武汉"' in again and "更正" in again, "a correction begins with the rows"


def test_a_photo_belongs_to_its_row(town: Town, visit: Visit) -> None:
    teacher, who = visit("teacher3"), str(town.third[2])
    address = f"/fill/travel/person/{who}/"
    fields = hidden(text(teacher.get(address))) | {f"{who}-away": "yes", f"{who}-people": "2"}
    for at in ("1", "2"):
        key = f"{who}-trips.{at}-"
        photo = SimpleUploadedFile("IMG.jpg", f"ticket {at}".encode(), "image/jpeg")
        fields |= {f"{key}where": "昆明", f"{key}left": "2020-02-01", f"{key}ticket": photo}
    fields[f"{who}-trips.row"] = ["1", "2"]
    assert teacher.post(address, fields).status_code == 302
    row = Submission.objects.get()
    for at, told in enumerate(row.answers["trips"], 1):
        kept = Attachment.objects.get(submission=row, name=told["ticket"])
        content = b"".join(open_sealed(place(current_home().attachments, kept.digest)))
        assert content == f"ticket {at}".encode()


def test_a_refused_photo_leaves_nothing(town: Town, visit: Visit) -> None:
    inspector, folder = visit("inspector"), current_home().attachments
    before = sorted(folder.rglob("*"))
    fields = hidden(text(inspector.get("/fill/visit/unit/s3/")))
    fields |= {
        "s3-photo": SimpleUploadedFile("x.jpg", b"another photo", "image/jpeg"),
        "s3-since": "2031-01-01",
    }
    answer = inspector.post("/fill/visit/unit/s3/", fields)
    assert answer.status_code == 422 and Refusal.objects.filter(door="page").exists()
    assert sorted(folder.rglob("*")) == before


def test_a_correction_begins_with_what_was_said(town: Town, visit: Visit) -> None:
    teacher, who = visit("teacher2"), str(town.others[1])
    address = f"/fill/at-home/person/{who}/"
    fields = hidden(text(teacher.get(address))) | {
        f"{who}-unwell": "yes",
        f"{who}-away": "no",
        f"{who}-what": "头晕",
    }
    assert teacher.post(address, fields).status_code == 302
    page = text(teacher.get(address))
    assert 'value="头晕"' in page and "更正" in page
    fields = hidden(page) | {f"{who}-unwell": "no", f"{who}-away": "no", f"{who}-what": "头晕"}
    assert teacher.post(address, fields).status_code == 302
    rows = Submission.objects.order_by("pk")
    assert [row.answers.get("what") for row in rows] == ["头晕", None], "what is not asked is left out"
    assert Revision.objects.get().submission == rows[0] == rows[1].supersedes


def test_what_another_said_of_health_is_not_shown(town: Town, visit: Visit) -> None:
    """Those who report see by the policy what a child is called, and no answers about health."""
    teacher, who = visit("teacher"), str(town.pupils[5])
    address = f"/fill/at-home/person/{who}/"
    fields = hidden(text(teacher.get(address))) | {
        f"{who}-unwell": "yes",
        f"{who}-away": "no",
        f"{who}-what": "头晕",
    }
    assert teacher.post(address, fields).status_code == 302
    page = text(visit("inspector").get(address))
    assert "头晕" not in page and not re.search(r'value="yes"\s+checked', page)
    assert re.search(r'name="\d+-away" value="no" checked', page), "of class A"


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("teacher", "/fill/at-home/person/{other}/"),
        ("teacher", "/fill/visit/unit/s1/"),
        ("teacher", "/fill/nothing/"),
        ("teacher", "/slips/?unit=s2-1"),
        ("head", "/slips/?unit=s2-1"),
    ],
)
def test_what_is_out_of_reach_is_not_there(town: Town, visit: Visit, who: str, address: str) -> None:
    asked = address.format(other=town.others[1])
    assert visit(who).get(asked).status_code == 404


def test_who_may_not_report_has_no_such_page(town: Town, visit: Visit) -> None:
    assert visit("auditor").get("/fill/").status_code == 403
    assert visit("inspector").get("/slips/").status_code == 403
    assert Client().get("/fill/").status_code == 302


def test_another_class_cannot_be_posted_for(town: Town, visit: Visit) -> None:
    teacher, other = visit("teacher"), str(town.others[1])
    fields = {k: v for k, v in hidden(text(teacher.get("/fill/morning/"))).items() if "." not in k}
    fields |= {f"{other}.instance": "uuid:foreign-1", f"{other}.usual": "1"}
    assert teacher.post("/fill/morning/", fields).status_code == 422, "an envelope without anybody"
    assert not Submission.objects.exists()


# ------------------------------------------------------------------------------------------ families


def test_a_family_answers_once_for_children_of_two_schools(town: Town, visit: Visit) -> None:
    phone = Client(enforce_csrf_checks=True)
    address = f"/h/{town.link}/at-home/"
    page = text(phone.get(address))
    one, two = str(town.pupils[0]), str(town.others[0])
    assert page.count("data-sheet=") == 2 and "学生01" in page and "同学01" in page and "学生02" not in page
    fields = hidden(page)
    for who in (one, two):
        fields |= {f"{who}-unwell": "no", f"{who}-away": "no", f"{who}-temperature": "36.5"}
    answer = phone.post(address, fields)
    assert answer.status_code == 302 and answer["Location"].startswith(f"/h/{town.link}/?sent=yes")
    rows = Submission.objects.order_by("subject")
    assert {row.subject for row in rows} == {int(one), int(two)} and len({r.envelope_id for r in rows}) == 1
    assert {row.by for row in rows} == {f"household:{town.family}"}
    assert text(phone.get(address)).count("36.5") >= 2, "its own answers, to be corrected"


def test_a_link_that_was_revoked_or_guessed_is_not_there(town: Town, visit: Visit) -> None:
    assert Client().get("/h/fx_guessed/").status_code == 404
    assert Client().get(f"/h/{town.link}/visit/").status_code == 404
    revoke_households(households=[town.family], name="slips:s1-1", by="test", now=CLOCK)
    assert Client().get(f"/h/{town.link}/").status_code == 404
    assert Client().post(f"/h/{town.link}/at-home/", {}).status_code == 404


def test_slips_of_a_class_are_printed_and_logged_and_the_old_ones_end(town: Town, visit: Visit) -> None:
    teacher = visit("teacher")
    assert f"{PUPILS}" in text(teacher.get("/slips/"))
    page = text(teacher.post("/slips/"))
    assert page.count('class="slip"') == PUPILS and "学生01" in page
    assert "同学01" not in page, "the other child is of another class"
    event = Event.objects.get(what="issue-links")
    assert (event.actor, event.unit, event.count) == ("teacher", "s1-1", PUPILS)
    assert Client().get(f"/h/{town.link}/").status_code == 404, "the slip that was printed before"
    live = Token.objects.filter(kind="household", recorded_until=None)
    assert live.count() == PUPILS
    assert teacher.post("/slips/?unit=s1-1", {"revoke": "1"}).status_code == 302
    assert live.count() == 0 and Event.objects.filter(what="revoke-links").exists()


def test_a_code_says_the_link(town: Town) -> None:
    """Read back module by module: the path is the code that the library made."""
    from qrcode import QRCode
    from qrcode.constants import ERROR_CORRECT_M

    from fangxian.web.filling.slips import drawn

    path, size = drawn("https://fangxian.example.cn/h/fx_abc/")
    made = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    made.add_data("https://fangxian.example.cn/h/fx_abc/")
    made.make(fit=True)
    dark = {(x, y) for y, row in enumerate(made.get_matrix()) for x, on in enumerate(row) if on}
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1H\d+z", path)
    assert {(int(x) + at, int(y)) for x, y, w in runs for at in range(int(w))} == dark
    assert size == len(made.get_matrix())


# ------------------------------------------------------------------------------------------ bounds


def test_a_page_costs_the_same_for_five_and_for_52(town: Town, visit: Visit) -> None:
    costs = []
    for name in ("teacher2", "teacher"):
        client = visit(name)
        client.get("/fill/morning/")
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get("/fill/morning/").status_code == 200
        costs.append(len(found))
    assert costs[0] == costs[1] <= 25


def test_a_late_report_from_a_queue_is_taken_under_its_own_round(town: Town, visit: Visit) -> None:
    inspector = visit("inspector")
    fields = hidden(text(inspector.get("/fill/visit/unit/s1/")))
    fields |= {"s1-open": "no", "s1-photo": SimpleUploadedFile("x.jpg", b"p", "image/jpeg")}
    from fangxian.campaigns.models import Round

    Round.objects.filter(campaign__code="visit").update(closes=CLOCK)
    assert inspector.get("/fill/visit/unit/s1/").status_code in (200, 404)
    assert inspector.post("/fill/visit/unit/s1/", fields).status_code == 302


def test_what_is_usual_is_itself_a_sound_sheet() -> None:
    from fangxian.submissions.forms import compile_form
    from fangxian.submissions.problems import FormUsualAmiss

    survey = [
        ["type", "name", "label", "required", "fangxian_usual"],
        ["integer", "count", "几个？", "yes", ""],
        ["text", "note", "备注", "", "无"],
    ]
    with pytest.raises(FormUsualAmiss, match="count|几个"):
        compile_form(xlsform({"survey": survey}, form_title="x"))
    survey[1][4] = "0"
    form, _version = compile_form(xlsform({"survey": survey}, form_title="x"))
    assert form.usual == {"count": 0, "note": "无"} == type(form).load(form.dump()).usual


def test_nobody_is_missing_in_what_is_voluntary(town: Town, visit: Visit) -> None:
    def shown() -> str:
        return " ".join(
            re.sub("<[^>]+>", " ", visit("inspector").get("/fill/visit/").content.decode()).split()
        )

    assert "3 还缺 共 3" in shown()
    Campaign.objects.filter(code="visit").update(schedule={"kind": "once", "voluntary": True})
    assert "0 已报 共 3" in shown() and "自愿参加，不算欠报" in shown() and "缺" not in shown()
