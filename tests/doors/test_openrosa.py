"""The devices' door: what ODK Collect asks for and posts, as it does; values, files, and what is refused."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from fangxian.kernel.home import current_home
from fangxian.kernel.sealed_files import open_sealed, place
from fangxian.submissions.models import Attachment, Submission
from fangxian.web.doors import devices
from fangxian.web.doors import openrosa as words

from .conftest import Answer, Door, admit
from .town import basic, moment

BOUNDARY = "----collect"
COLLECT = {"content_type": f"multipart/form-data; boundary={BOUNDARY}", "x_openrosa_version": "1.0"}
PHOTO = bytes(range(256)) * 9000  # over two chunks of a sealed file


def instance(
    subject: str = "person:1", identity: str = "uuid:1", body: str | None = None, root: str = ""
) -> bytes:
    answers = body or "<state>here</state><temperature>36.5</temperature><symptoms>none</symptoms>"
    about = (
        f"<fangxian><subject>{subject}</subject><happened>2020-02-10T08:00:00.000+08:00</happened></fangxian>"
    )
    return (
        '<?xml version="1.0"?><data xmlns:orx="http://openrosa.org/xforms" '
        f"{root or ATTRIBUTES}>{about}{answers}"
        f"<orx:meta><orx:instanceID>{identity}</orx:instanceID></orx:meta></data>"
    ).encode()


ATTRIBUTES = 'id="morning" version="1"'


def multipart(form: bytes, **files: bytes) -> bytes:
    parts = [("xml_submission_file", "submission.xml", "text/xml", form)]
    parts += [(name, name, "image/jpeg", content) for name, content in files.items()]
    made = b""
    for name, filename, kind, content in parts:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        made += head.encode() + f"Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n"
    return made + f"--{BOUNDARY}--\r\n".encode()


def send(
    door: Door, form: bytes, path: str = "/openrosa/submission", by: str = "k1", **files: bytes
) -> Answer:
    return door.ask("POST", path, multipart(form, **files), by=by, **COLLECT)


def code_of(answer: Answer) -> str:
    found = ElementTree.fromstring(answer.body)[0]
    assert found.get("nature") == "error" and found.text
    return found.get("code", "")


# ---------------------------------------------------------------------------------------------- submission


def test_a_device_asks_whether_it_may_send(door: Door) -> None:
    stranger = door.ask("HEAD", "/openrosa/submission", by="")
    assert (stranger.status, stranger.headers["www-authenticate"][:5]) == (401, "Basic")
    known = door.ask("HEAD", "/openrosa/submission", by="k1")
    assert (known.status, known.body) == (204, b"")
    assert known.headers["x-openrosa-version"] == "1.0"
    assert int(known.headers["x-openrosa-accept-content-length"]) == words.LARGEST


def test_a_filled_in_form_becomes_answers_of_the_forms_types(door: Door) -> None:
    answer = send(door, instance(), path="/openrosa/t/k1/submission", by="")
    assert answer.status == 201 and b"submit_success" in answer.body
    row = Submission.objects.get()
    assert row.answers == {"state": "here", "temperature": 36.5, "symptoms": ["none"]}
    assert (row.subject, row.by, row.happened, row.instance_id) == (1, "k1", moment(10), "uuid:1")


def test_without_a_subject_it_is_about_the_senders_own_unit(door: Door) -> None:
    body = "<done>yes</done><areas>classrooms toilets</areas>"
    sent = instance("", body=body, root='id="hygiene" version="1"')
    assert send(door, sent, by="s1").status == 201
    row = Submission.objects.get()
    assert (row.subject_kind, row.subject) == ("unit", door.town.units["s1"])
    assert row.answers == {"done": "yes", "areas": ["classrooms", "toilets"]}


def test_photos_come_sealed_and_are_read_back(door: Door) -> None:
    body = "<state>ill</state><since>2020-02-09</since><slip>slip.jpg</slip>"
    assert send(door, instance(body=body), **{"slip.jpg": PHOTO}).status == 201
    row = Attachment.objects.get()
    path = place(current_home().attachments, row.digest)
    assert (row.name, row.size, row.submission.instance_id) == ("slip.jpg", len(PHOTO), "uuid:1")
    assert b"".join(open_sealed(path)) == PHOTO and PHOTO[:64] not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def test_files_that_come_in_several_posts_belong_to_one_submission(door: Door) -> None:
    """As Collect does where all are more than the limit: the same form again, with the rest of its files."""
    form = instance(body="<state>away</state><slip>a.jpg</slip>")
    answers = [send(door, form, **{name: name.encode() * 9}) for name in ("a.jpg", "b.jpg", "a.jpg")]
    assert [answer.status for answer in answers] == [201, 201, 201]
    assert sorted(Attachment.objects.values_list("name", flat=True)) == ["a.jpg", "b.jpg"]
    other = send(door, form, **{"a.jpg": b"another"})
    assert (other.status, code_of(other)) == (409, "file-conflict")


def test_of_a_refused_form_no_file_is_kept(door: Door) -> None:
    before = {path for path in current_home().attachments.rglob("*") if path.is_file()}
    answer = send(door, instance(body="<state>mars</state>"), **{"x.jpg": b"refused" * 100})
    assert code_of(answer) == "answers-against-form"
    assert {path for path in current_home().attachments.rglob("*") if path.is_file()} == before


DEEP = b"<data id='morning'>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</data>"
DTD = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><data id="morning">&b;</data>'
)
OUTSIDE = (
    b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><data id="morning"><state>&x;</state></data>'
)
UNREADABLE, AGAINST = "instance-unreadable", "answers-against-form"
GARBLED = instance(body="<state>here</state><note>X</note>").replace(b"X", b"\xff\xfe")
WARM = instance(body="<state>here</state><temperature>warm</temperature>")
FAR = instance("unit:s2", root='id="hygiene" version="1"', body="<done>no</done>")
BAD = {
    "malformed": (b"<data id='morning'><state>", UNREADABLE),
    "not XML": (b"%PDF-1.4", UNREADABLE),
    "empty": (b"", UNREADABLE),
    "DTD and entities": (DTD, UNREADABLE),
    "external entity": (OUTSIDE, UNREADABLE),
    "20,000 deep": (DEEP, UNREADABLE),
    "NUL": (instance(body="<state>he\0re</state>"), UNREADABLE),
    "invalid UTF-8": (GARBLED, UNREADABLE),
    "no instance id": (instance(identity=""), "instance-id-missing"),
    "no form": (instance(root='version="1"'), UNREADABLE),
    "unknown form": (instance(root='id="nowhere" version="1"'), "unknown-campaign"),
    "unknown version": (instance(root='id="morning" version="99"'), "unknown-form-version"),
    "missing required": (instance(body="<state>here</state>"), AGAINST),
    "bad choice": (instance(body="<state>mars</state>"), AGAINST),
    "wrong type": (WARM, AGAINST),
    "unknown question": (instance(body="<state>away</state><extra>1</extra>"), AGAINST),
    "nobody": (instance("person:999999"), "unknown-person"),
    "no subject": (instance("teapot:1"), "subject-missing"),
    "another's": (FAR, "unknown-unit"),
}


@pytest.mark.django_db(transaction=True)
def test_what_is_wrong_is_told_and_nothing_is_stored(door: Door) -> None:
    told = {}
    for name, (form, _code) in BAD.items():
        answer = send(door, form)
        assert 400 <= answer.status < 500, (name, answer)
        told[name] = code_of(answer)
    assert told == {name: code for name, (_form, code) in BAD.items()}
    assert not Submission.objects.exists()


MULTIPART = COLLECT["content_type"]


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"<data/>", "text/xml", "body-of-other-kind"),
        (b"", MULTIPART, "body-unreadable"),
        (b"--" + BOUNDARY.encode(), MULTIPART, "body-unreadable"),
        (multipart(b"<a/>").replace(b"xml_submission_file", b"another_one"), MULTIPART, "body-unreadable"),
        (multipart(b"<a/>").replace(b"submission.xml", b"x" * 5000), MULTIPART, "body-unreadable"),
    ],
)
def test_what_is_no_form_post_is_refused(door: Door, content: bytes, kind: str, code: str) -> None:
    answer = door.ask("POST", "/openrosa/submission", content, by="k1", content_type=kind)
    assert (answer.status // 100, code_of(answer)) == (4, code)


# ------------------------------------------------------------------------------------------ what is fetched


@pytest.fixture
def fetch(town: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(devices, "now", lambda: moment(10, 9))
    monkeypatch.setattr(devices.who, "admit", admit)

    def fetched(path: str, by: str = "k1") -> Any:
        return Client().get(path, headers={"Authorization": basic(by), "X-OpenRosa-Version": "1.0"})

    return fetched


def texts(response: Any, name: str) -> list[str]:
    assert response.status_code == 200, response.content
    assert response["X-OpenRosa-Version"] == "1.0"
    return [
        node.text or ""
        for node in ElementTree.fromstring(response.content).iter()
        if node.tag.endswith("}" + name)
    ]


def test_a_class_sees_the_forms_that_ask_its_pupils(fetch: Any) -> None:
    assert texts(fetch("/openrosa/formList"), "formID") == ["morning", "screening"]
    assert texts(fetch("/openrosa/formList", by="s2"), "formID") == ["hygiene"]
    assert texts(fetch("/openrosa/formList", by="s2"), "manifestUrl") == []
    assert fetch("/openrosa/formList", by="nobody").status_code == 401


def test_a_form_is_fetched_with_the_list_of_its_subjects_and_filled_in(fetch: Any, town: Any) -> None:
    """From the list's own addresses, by a token in the path, to the CSV of the class's pupils."""
    base = "/openrosa/t/k1/formList"
    response = fetch(base, by="s2")
    form, manifest = texts(response, "downloadUrl")[0], texts(response, "manifestUrl")[0]
    assert form.startswith("http://testserver/openrosa/t/k1/forms/morning/1/")
    content = fetch(form, by="s2").content.decode()
    assert re.search(
        r'<data id="morning" version="1"|version="1"[^>]*id="morning"|id="morning"[^>]*version="1"', content
    )
    assert "jr://file-csv/subjects.csv" in content and "/fangxian/subject" in content
    listed = fetch(texts(fetch(manifest, by="s2"), "downloadUrl")[0], by="s2").content.decode().splitlines()
    assert listed[:2] == ["name,label", f"person:{town.pupils[0]},学生0 · 1班"] and len(listed) == 13


def test_a_form_that_takes_no_reports_now_is_not_there(fetch: Any) -> None:
    for path in ("nowhere/1/form.xml", "morning/2/form.xml", "morning/9/manifest"):
        assert fetch(f"/openrosa/forms/{path}").status_code == 404
