"""The complete matrix: every route and method, for every account, of whom is theirs and of whom is not, in
every format. What comes back equals what the policy's table says: no more, no less.

A sample runs each time; the whole with `make test-long`.
"""

import hashlib
import io
import json
import re
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from tests.publishing import books

from fangxian import web
from fangxian.access import glass
from fangxian.desk import queries
from fangxian.figures.engine import Engine
from fangxian.figures.moments import as_of
from fangxian.figures.sync import sync_lake
from fangxian.kernel.home import Home
from fangxian.kernel.secrets import make_keys
from fangxian.lake import apart
from fangxian.matching.models import Proposal
from fangxian.publishing.actions import check_draft, issue_bulletin, open_draft
from fangxian.publishing.make_template import TEMPLATE
from fangxian.publishing.workbooks.actions import add_workbook, fill_workbook, place, save_version
from fangxian.publishing.workbooks.targets import Target
from fangxian.registry.tree import forget_trees
from fangxian.submissions.gallery import form_bytes
from fangxian.submissions.models import Submission
from fangxian.web import counting

from . import world as w
from .addresses import ADDRESSES, PERSONAL
from .world import ACTORS, CLOCK, PEOPLE, World

pytestmark = pytest.mark.django_db
ROUTES = tomllib.loads((Path(web.__file__).parent / "routes.toml").read_text("utf-8"))
PURPOSE = {name: purpose for purpose, rows in ROUTES.items() for name in rows}
TOLD = {"record": "record-told"}  # what is posted there shows more than the page
PURPOSE |= {told: PURPOSE[name] for name, told in TOLD.items()}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
POSTED = {"consent-glass", "remind", "contact"}  # take nothing but what is posted
POSTED |= {"attested-back", "proof-file"}
POSTED |= {
    "list-add",
    "list-bring",
    "list-confirm",
    "list-call",
    "list-match",
    "list-withdraw",
    "answer",
    "roster-confirm",
}
POSTED |= {"decide", "undo", "whole-numbers"}
POSTED |= {"twin"}
POSTED |= {"new-drop", "acknowledge"}
POSTED |= {"new-draft", "draft-step", "draft-approval", "new-workbook", "workbook-step", "workbook-map"}
POSTED |= {"sheet-back", "confirm-sheet", "take-call", "keep-call", "hand-over", "mend-number"}
# Of somebody in particular: whom it is about, and what else its address needs.
ABOUT_SOMEBODY = {"call", "fill-campaign", "fill-sheet", "chain", "sought"}
# Shows people as the table says of its purpose; the others name nobody, by their masks neither.
SHOWING = {"people", "people-file", "review", "report", "call", "mend", "consent", "seek", "slips"}
SAMPLE = 12  # of so many cells one is in the sample that always runs
SIGNING = ("account_logout", "mfa_login_webauthn")
REAUTHENTICATING = ("account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn")
NOT_ADMINISTRATIVE = {"lb1", "b1", "sq1", "pb2"}
HOME_OF = {name: held[0][1] for name, held in ACTORS.items() if held}
FOREIGN = "s2-1"  # a class of the other zone


@pytest.fixture(scope="module")
def built(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The world, committed, in a data folder with a lake; flushed afterwards."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        home = Home(tmp_path_factory.mktemp("matrix") / "home").make()
        make_keys(home.keys, bytes(range(96)))
        patch.setenv("FANGXIAN_HOME", str(home.path))
        for name in ("now", "latest"):
            patch.setattr(f"fangxian.web.clock.{name}", lambda: CLOCK)
        _forget()
        world = w.build()
        sync_lake(home)
        at = as_of(CLOCK)
        content = TEMPLATE.read_bytes()
        issue_bulletin(at=at, template=content, by="test", now=CLOCK, engine=Engine(home), home=home)
        draft = open_draft(template=content, by="test", now=CLOCK)
        check_draft(draft=draft.pk, at=at, by="test", now=CLOCK, engine=Engine(home))
        book = add_workbook(name="学校日报", template=books.form(), by="test", now=CLOCK)
        target = Target("figure", "students.pupils", "", "value")
        place(version=book, targets={("日报", "B4"): target}, by="test", now=CLOCK)
        save_version(version=book, by="test", now=CLOCK)
        book.refresh_from_db()
        fill_workbook(version=book, at=at, by="test", now=CLOCK, engine=Engine(home))
        sync_lake(home)
        world.keys = keys_of(world, Engine(home))
        yield world
        call_command("flush", verbosity=0, interactive=False)
        _forget()
        apart.close()


def keys_of(world: World, engine: Engine) -> dict[str, int]:
    """Under which key figures know those whose records are opened: by their class, by their answers."""
    [pupil] = engine.records("students.pupils", world.units["s1-1"], as_of(CLOCK)).to_pylist()
    answered = Submission.objects.get(instance_id="i-elsewhere").pk
    rows = engine.records("screening.any_category", world.units["s2-1"], as_of(CLOCK)).to_pylist()
    [elsewhere] = (row for row in rows if answered in row["because"])
    return {"key_pupil": pupil["id"], "key_elsewhere": elsewhere["id"]}


def _forget() -> None:
    counting.forget()
    forget_trees()
    queries.forget()


@pytest.fixture
def visitors(built: World) -> Callable[[str], Client]:
    """A signed-in browser for each account; "" has signed in nowhere."""
    clients: dict[str, Client] = {}

    def of(name: str) -> Client:
        if name not in clients:
            clients[name] = Client(raise_request_exception=False)
            if name:
                clients[name].force_login(built.accounts[name])
        return clients[name]

    cache.clear()
    return of


# ------------------------------------------------------------------------------------ all routes


def every_route() -> Iterator[tuple[str, str]]:
    """(name, pattern) of all that the resolver knows."""

    def walk(patterns: list[Any], before: str, space: str) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            here = before + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield space + (pattern.name or here), here
            else:
                inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
                yield from walk(pattern.url_patterns, here, inner)

    return walk(get_resolver().url_patterns, "/", "")


def test_every_route_has_a_row_of_the_policy_and_an_address_here() -> None:
    named = {name for name, _pattern in every_route()}
    assert named - set(PURPOSE) == set(), "a route without a row is refused: classify it in web/routes.toml"
    assert named - set(ADDRESSES) - set(PERSONAL) == set(), "give it an address in this matrix"
    assert set(PURPOSE.values()) - {"open", "own", "closed", "door"} <= set(w._POLICY)


def test_a_route_without_a_row_is_closed(visitors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from fangxian.web import guard

    monkeypatch.setattr(guard, "routes", dict)
    for name in ("", "officer"):
        answer = visitors(name).get("/", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (403, "route-unclassified")


def test_every_field_of_a_person_is_classified() -> None:
    """A field that nobody thought of would be nobody's secret."""
    from fangxian.registry.models import PersonSecret, PersonState

    known = {"name", "sex", "birth_date", "birth_year", "native_place", "field", "digest", "sealed", "person"}
    kept = {"id", "recorded", "recorded_until", "valid_from", "valid_until"}
    for model in (PersonState, PersonSecret):
        assert {f.name for f in model._meta.concrete_fields} - kept <= known


# ------------------------------------------------------------------------------------ reading answers


def text_of(answer: Any) -> str:
    """All that an answer says, in whatever format, its headers too."""
    body = b"".join(answer) if getattr(answer, "streaming", False) else answer.content
    told = " ".join(f"{name}: {value}" for name, value in answer.items())
    if body.startswith(b"PK"):
        parts = zipfile.ZipFile(io.BytesIO(body))
        names = [name for name in parts.namelist() if name.endswith((".xml", ".rels"))]
        return told + " ".join(re.sub("<[^>]+>", "", parts.read(name).decode()) for name in names)
    if body.startswith(b"%PDF"):
        import pymupdf

        return told + " ".join(page.get_text() for page in pymupdf.open(stream=body))
    return told + body.decode()


FULL = {(person, c): text for person in PEOPLE for c, text in w.canaries(person).items()}
MASKS = {(person, c): text for person in PEOPLE for c, text in w.masks(person).items()}


def seen(text: str, of: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    return {key for key, canary in of.items() if canary in text}


def names_seen(text: str) -> set[str]:
    return {code for code in w.UNITS if w.unit_name(code) in text}


def nameable(actor: str, purpose: str) -> set[str]:
    """Units whose names an actor may read: in scope, and above what is in scope."""
    if purpose not in w._POLICY or purpose == "health":
        return set()
    inside = {code for code in w.UNITS if w.in_scope(actor, code, purpose)}
    return inside | {above for code in inside for above in w.ABOVE[code]}


def sampled(*cell: object) -> bool:
    """A twelfth, and always: a person's page for everybody, and one's own records of a day that is past."""
    if cell[0] in ("person", "person-json") or ("own" in cell and "as_of" in str(cell[-1])):
        return True
    return hashlib.sha256(repr(cell).encode()).digest()[0] % SAMPLE == 0


# ------------------------------------------------------------------------------------ the walk


class Faults(list[str]):
    """What was found wrong, and how much was looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.looked: Counter[str] = Counter()
        self.found: set[str] = set()  # routes that somebody was shown
        self.kinds: dict[str, set[Any]] = {
            "routes": set(),
            "accounts": set(),
            "relations": set(),
            "formats": set(),
        }

    def expect(self, right: bool, *what: object) -> None:
        if not right:
            self.append(" ".join(map(str, what)))

    def count(self, route: str, actor: str, relation: str, answer: Any) -> None:
        format = answer.get("Content-Type", "none").split(";")[0]
        self.kinds["routes"].add(route)
        self.kinds["accounts"].add(actor)
        self.kinds["relations"].add(relation)
        self.kinds["formats"].add(f"{format} {'error' if answer.status_code >= 400 else 'ok'}")
        self.looked["requests"] += 1

    def summary(self) -> str:
        told = ", ".join(f"{len(found)} {kind}" for kind, found in self.kinds.items())
        return f"matrix: {told}; {self.looked['requests']} requests; faults {len(self)}"


def expected_status(name: str, actor: str, unit: str | None) -> set[int]:
    """By the tables alone: routes.toml, policy.toml, and who has which role over what."""
    purpose = PURPOSE[name]
    if purpose == "closed":
        return {404}
    if purpose == "open":
        return {200, 302, 404, 405, 400}
    if purpose == "door":  # a session does not open it: a password, a token or a link does, at each request
        return {401, 405}
    if not actor:
        return {302, 401}
    if purpose == "own":  # an account without a password cannot be asked for it again
        return {200, 302, 404, 405, 400} | ({403} if name in REAUTHENTICATING else set())
    if not ACTORS[actor] or not w.may(actor, purpose):
        return {302} if name == "board" and ACTORS[actor] else {403}  # it leads to one's own page
    if name in ABOUT_SOMEBODY:
        return {200, 302} if is_there(name, actor) else {404}
    if unit is not None and not w.in_scope(actor, unit, purpose):
        return {404}
    return {200, 302}


# Where pupils are asked as pupils: their class. Who looks after their squadron does not report on them.
CLASS_OF = {"pupil": "s1-1", "beside": "s1-2", "elsewhere": "s2-1", "moved": "s2-1"}


def is_there(name: str, actor: str) -> bool:
    """Whether somebody is there for the actor whom this page is about, by hand."""
    if name == "call":
        return actor == w.LEASED_TO
    if name == "sought":
        return actor == w.SOUGHT_BY
    if name == "fill-sheet":
        return w.in_scope(actor, CLASS_OF["pupil"], "report")
    return name == "chain" or any(w.in_scope(actor, unit, "report") for unit in CLASS_OF.values())


def placed(address: str, built: World, unit: str) -> str:
    """An address with what its braces stand for."""
    told: dict[str, Any] = {"unit": quote(unit), "draft": w.DRAFT, "link": built.link, **built.requests}
    told |= built.keys
    told |= {"home": built.households[w.LEASED], "unreachable": built.households[w.UNREACHABLE]}
    return address.format(**told, pupil=built.people["pupil"])


def may_see(name: str, actor: str, person: str, field_class: str) -> str:
    """What the table lets this page show of the person: shown, masked or no."""
    purpose = PURPOSE[name]
    if name in ("family", "family-form"):  # whoever holds the link is the family
        words = w.rows("family")["household"].split() if person in w.FAMILIES[w.LEASED] else []
        return "shown" if field_class in words else "masked" if f"{field_class}-" in words else "no"
    if not actor or not ACTORS[actor]:
        return "no"
    if name == "sought":
        if (actor, person) != (w.SOUGHT_BY, w.SOUGHT):
            return "no"
        words = [word for role, _over in ACTORS[actor] for word in w.rows("seek").get(role, "").split()]
        return "shown" if field_class in words else "masked" if f"{field_class}-" in words else "no"
    if name == "record-told" and field_class in "BC":
        return "shown" if person == "pupil" and w.verdict(actor, person, "C", "unmask") == "shown" else "no"
    if name in TOLD or name in TOLD.values():
        return w.verdict(actor, person, field_class, "count") if person in RECORDS.values() else "no"
    if name == "call" and person not in w.FAMILIES[w.LEASED]:
        return "no"
    if name == "numbers" and person not in w.FAMILIES[w.UNREACHABLE]:
        return "no"
    if name == "glasses" and person != w.ASKED:
        return "no"
    if (
        name == "whole-numbers"
        and field_class in "CD"
        and w.verdict(actor, person, field_class, "unmask") == "shown"
    ):
        return "shown"
    if name in SHOWING or purpose in SHOWING:
        return w.verdict(actor, person, field_class, "people" if purpose == "people" else purpose)
    return "no"


def check_unit_cell(
    faults: Faults,
    built: World,
    visit: Client,
    name: str,
    actor: str,
    unit: str,
    address: str,
    relation: str,
) -> None:
    asked = placed(address, built, unit)
    of_unit = unit if "{unit}" in address else w.DRAFTED_BY if "{draft}" in address else None
    of_unit = w.ISSUER if name == "manage-campaign" else of_unit
    answer = visit.get(asked, headers={"Accept": "text/html"})
    faults.count(name, actor, relation, answer)
    text = text_of(answer)
    expected = expected_status(name, actor, of_unit)
    if name in ("records", "record") and expected == {200, 302}:
        counted = name == "records" or any(unit in w.ABOVE[at] for at in w.WHERE[recorded(asked)])
        expected = expected if counted and may_open(actor, unit, asked) else {404}
    if (
        name in ("figure", "records", "record", "by-unit")
        and unit in NOT_ADMINISTRATIVE
        and expected == {200, 302}
    ):
        expected = expected | {
            404
        }  # a figure of another line is not counted there: the page says so, files do not
    if name in POSTED and expected in ({200, 302}, {404}):
        expected = {405}
    faults.expect(answer.status_code in expected, answer.status_code, "not", expected, actor, asked)
    if answer.status_code == 200 and name not in ("draft", "draft-paper"):
        faults.found.add(name)
    check_no_more(faults, text, name, actor, asked)
    if answer.status_code == 200 and name in CLASSES:
        check_shown(faults, text, name, actor, asked)
    if answer.status_code == 200 and name in ("people", "people-file") and "q=" not in asked:
        check_list(faults, text, actor, unit, asked)
    if answer.status_code == 200 and name in ("records", "figure") and "students.pupils" in asked:
        check_figure(faults, text, actor, unit, asked, name)


# Figure -> whose record of it is opened.
RECORDS = {"students.pupils": "pupil", "screening.any_category": "elsewhere"}


def recorded(asked: str) -> str:
    return RECORDS[asked.split("/")[2]]


# Page -> of whom it must show all that the table lets it show.
NO_LESS = {
    "call": w.FAMILIES[w.LEASED],
    "sought": [w.SOUGHT],
    "glasses": [w.ASKED],
    "family": w.FAMILIES[w.LEASED],
    "numbers": w.FAMILIES[w.UNREACHABLE],
    "fill-sheet": ["pupil"],
}
CLASSES = {"call": "BC", "sought": "BCE", "glasses": "B", "family": "B", "numbers": "B", "fill-sheet": "B"}
CLASSES |= {"record": "E"}


def check_shown(faults: Faults, text: str, name: str, actor: str, asked: str) -> None:
    for person in [recorded(asked)] if name == "record" else NO_LESS[name]:
        for c in CLASSES[name]:
            if may_see(name, actor, person, c) == "shown":
                faults.expect(FULL[person, c] in text, "hides", person, c, "from", actor, asked)


def may_open(actor: str, unit: str, asked: str) -> bool:
    return opens(actor, unit, "BE" if "screening.any" in asked else "B")


def opens(actor: str, unit: str, wanted: str) -> bool:
    words = [
        word[0]
        for role, over in ACTORS[actor]
        if role in w.rows("count") and w.reaches(over, {unit})
        for word in w.rows("count")[role].split()
    ]
    return all(c in words for c in wanted)


def check_no_more(faults: Faults, text: str, name: str, actor: str, asked: str) -> None:
    """Nothing in full that the table does not show, no mask of what it denies, no unit out of scope."""
    for person, c in seen(text, FULL):
        right = may_see(name, actor, person, c) == "shown"
        faults.expect(right, "shows", person, c, "to", actor or "nobody", asked)
    for person, c in seen(text, MASKS):
        right = may_see(name, actor, person, c) == "masked"
        faults.expect(right, "shows a mask of", person, c, "to", actor or "nobody", asked)
    whole = actor and (name == "problems") and w.knows(actor, "left", "operate")
    faults.expect(whole or w.REFUSED not in text, "shows a refusal to", actor or "nobody", asked)
    if whole and "unit=xw" in asked and "DOCTYPE" in text.upper():
        faults.expect(w.REFUSED in text, "hides a refusal from", actor, asked)
    own = {unit for _role, unit in ACTORS.get(actor, [])}  # one's own grants stand on one's own pages
    own |= units_of_whom(name, actor)
    named = "count" if name == "home" else PURPOSE[name]
    more = names_seen(text) - (nameable(actor, named) if actor else set()) - own
    faults.expect(not more, "names", more, "to", actor or "nobody", asked)


def units_of_whom(name: str, actor: str) -> set[str]:
    """Where those are of whom the page is, whoever may see it."""
    if name in ("family", "family-form"):
        return {unit for person in w.FAMILIES[w.LEASED] for unit in w.WHERE[person]}
    return set(w.WHERE[w.SOUGHT]) if name == "sought" and actor == w.SOUGHT_BY else set()


def check_list(faults: Faults, text: str, actor: str, unit: str, asked: str) -> None:
    """Everybody with a post under the unit, each field as the table says: no less."""
    for person, posts in PEOPLE.items():
        places = w.WHERE[person] if posts else set()
        if not any(unit in w.ABOVE[place] for place in places):
            continue
        check_no_less(faults, text, actor, person, "BCD", asked)


def check_no_less(faults: Faults, text: str, actor: str, person: str, classes: str, asked: str) -> None:
    for c in classes:
        said = w.verdict(actor, person, c)
        if said == "shown":
            faults.expect(FULL[person, c] in text, "hides", person, c, "from", actor, asked)
        if said == "masked" and (person, c) in MASKS:
            faults.expect(MASKS[person, c] in text, "hides the mask of", person, c, "from", actor, asked)


SURNAME = {person: w.canaries(person)["B"][0] for person in PEOPLE}


def check_figure(faults: Faults, text: str, actor: str, unit: str, asked: str, name: str) -> None:
    """A pupil of that day is named, masked, where counting now in the actor's scope; else is a star."""
    if "q=" in asked or "part=" in asked or not may_open(actor, unit, asked):
        return
    early = "as_of" in asked
    for person in ("pupil", "beside", "elsewhere", "moved"):
        then = {"s1-1"} if person == "moved" and early else w.WHERE[person] - {"sq1"}
        if any(unit in w.ABOVE[place] for place in then):
            named = f"{SURNAME[person]}*" in text
            faults.expect(named == w.knows(actor, person, "count"), "named", named, person, actor, asked)


def check_personal_cell(faults: Faults, visit: Client, name: str, actor: str, person: str, id: int) -> None:
    asked = PERSONAL[name].format(person=id)
    purpose = PURPOSE[name]
    data = {"field": "phone", "reason": "十个字以上的理由，写在这里", "case": "案"}
    sent = visit.get if name.startswith("person") else visit.post
    answer = sent(asked, data, headers={"Accept": "text/html"})
    faults.count(name, actor, person, answer)
    text = text_of(answer)
    if not actor or not ACTORS[actor] or not w.may(actor, purpose):
        expected = expected_status(name, actor, None)
    elif not w.knows(actor, person, purpose):
        expected = {404}
    elif name == "unmask":
        expected = {200} if w.verdict(actor, person, "C", "unmask") == "shown" else {404}
    else:
        expected = {302} if name == "ask-glass" else {200}
    faults.expect(answer.status_code in expected, answer.status_code, "not", expected, actor, asked, person)
    for other, c in seen(text, FULL):
        right = other == person and answer.status_code == 200
        right = right and (w.verdict(actor, person, c) == "shown" or (name == "unmask" and c == "C"))
        faults.expect(right, "shows", other, c, "to", actor or "nobody", asked)
    for other, c in seen(text, MASKS):
        right = other == person and answer.status_code == 200 and w.verdict(actor, person, c) == "masked"
        faults.expect(right, "shows a mask of", other, c, "to", actor or "nobody", asked)
    more = names_seen(text) - (nameable(actor, "people") if actor else set())
    faults.expect(not more, "names", more, "to", actor or "nobody", asked)
    if answer.status_code == 200:
        check_no_less(faults, text, actor, person, "BCDEF", asked)
    if answer.status_code == 200 and name == "unmask":
        faults.expect(FULL[person, "C"] in text, "does not unmask", person, "for", actor)


def walk(built: World, visitors: Callable[[str], Client], chosen: Callable[..., bool]) -> Faults:
    faults = Faults()
    for name, addresses in ADDRESSES.items():
        for actor in ["", *ACTORS]:
            units = (
                ("own", HOME_OF.get(actor, "s1")),
                ("foreign", FOREIGN),
                ("above", "xw"),
                ("beside", "s1-2"),
            )
            for relation, unit in units:
                for address in addresses:
                    asks = relation == "own" or "{unit}" in address
                    if asks and chosen(name, actor, relation, address):
                        who = "" if name in SIGNING else actor  # these would end the visitor's session
                        check_unit_cell(faults, built, visitors(who), name, who, unit, address, relation)
    for name in PERSONAL:
        for actor in ["", *ACTORS]:
            for person, id in built.people.items():
                if chosen(name, actor, person):
                    check_personal_cell(faults, visitors(actor), name, actor, person, id)
    return faults


def report(faults: Faults, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{faults.summary()}")  # noqa: T201
    assert faults == [], "\n".join(faults[:60])


def test_a_sample_of_the_matrix(built: World, visitors: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report(walk(built, visitors, sampled), capsys)


@pytest.mark.long
def test_the_whole_matrix(built: World, visitors: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report(walk(built, visitors, lambda *_cell: True), capsys)


def refused(name: str, actor: str) -> bool:
    purpose = PURPOSE[name]
    if purpose in ("open", "closed", "door"):
        return purpose != "open"
    return not actor or (purpose != "own" and not (ACTORS[actor] and w.may(actor, purpose)))


# How a page answers who may be there and sent nothing; of these what is not waited for, and a lease kept on.
BY_FORM = {400, 405, 409, 422}
OF_ITSELF = {"list-confirm": {410}, "roster-confirm": {410}, "keep-call": {204}}
PHONES = {"contact": "chase", "record": "unmask"}  # there for more than those who are told a number there


def reads_phones(name: str, actor: str) -> bool:
    held = [w.rows(PHONES[name]).get(role, "").split() for role, _over in ACTORS[actor]]
    return any("C" in words for words in held)


def walk_methods(built: World, visitors: Callable[[str], Client], chosen: Callable[..., bool]) -> Faults:
    """Other methods say no more than GET does: who may not read may not write either."""
    faults = Faults()
    for name, addresses in ADDRESSES.items():
        for actor in ["", *ACTORS]:
            for method in METHODS:
                cache.clear()  # signing in and passwords are limited to so many attempts a minute
                if name in SIGNING or not chosen("method", name, actor, method):
                    continue
                asked = placed(addresses[0], built, HOME_OF.get(actor, "s1"))
                answer = visitors(actor).generic(method, asked, headers={"Accept": "text/html"})
                faults.count(name, actor, method, answer)
                expected = expected_status(name, actor, None) | {404}
                if name == "board" and method not in ("GET", "HEAD"):
                    expected = expected_status("people", "", None) if not actor else expected | {403}
                expected = expected - {200} if refused(name, actor) else expected | BY_FORM
                if method == "POST" and not refused(name, actor):
                    expected = expected | OF_ITSELF.get(name, set())
                if method == "POST" and name in PHONES and actor and not reads_phones(name, actor):
                    expected = expected | {403}
                right = answer.status_code in expected
                faults.expect(right, answer.status_code, "not", expected, method, actor, asked)
                check_no_more(faults, text_of(answer), name, actor, asked)
    return faults


def test_a_sample_of_the_methods(built: World, visitors: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report(walk_methods(built, visitors, sampled), capsys)


@pytest.mark.long
def test_all_methods(built: World, visitors: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report(walk_methods(built, visitors, lambda *_cell: True), capsys)


# ----------------------------------------------------------------------------- what is done


@dataclass(frozen=True)
class Act:
    """What a page sends, and for whom it is done: by the tables and by hand."""

    name: str
    address: str
    sent: Callable[[Client], dict[str, Any]]
    done_for: Callable[[str], bool]
    allowed: Callable[[str], bool] = lambda _actor: True  # to those who know that it is there


def acts(built: World) -> Iterator[Act]:
    home, unreachable = (built.households[family] for family in (w.LEASED, w.UNREACHABLE))
    [family] = w.FAMILIES[w.UNREACHABLE]
    pupil, reason = built.people["pupil"], "核对同名的两个人是不是一人"
    proposal = Proposal.objects.get().pk

    def act(name: str, address: str, done_for: Any = lambda actor: True, **sent: Any) -> Act:
        return Act(name, address, lambda _client: sent, done_for)

    def unmasks(actor: str) -> bool:
        return w.verdict(actor, "pupil", "C", "unmask") == "shown"

    yield act(
        "consent-glass", f"/glass/{built.requests['waiting']}/", lambda a: w.knows(a, w.ASKED, "consent")
    )
    sign = {"number": FULL["elsewhere", "D"], "case": "案", "reason": reason}
    yield act("seek", "/glass/seek/", **sign)
    yield act("twin", "/duplicates/1/", choice="not_same")
    yield act("decide", f"/review/{ROW}/decide/", choice=str(pupil), proposal=str(proposal))
    yield act("decide", f"/review/{ROW}/decide/", choice="none", proposal=str(proposal))
    yield act("whole-numbers", f"/review/{ROW}/numbers/", reason=reason)
    yield act("list-add", "/lists/add/", source="站", title="旅客", topic="returnees")
    yield act("take-call", "/calls/take/")
    yield act("keep-call", f"/calls/{home}/keep/", lambda a: a == w.LEASED_TO)
    yield act("hand-over", "/calls/hand-over/", note="剩下的明天打")
    mended = {"person": str(built.people[family]), "phone": "10000009999"}
    yield act("mend-number", f"/numbers/{unreachable}/", lambda a: w.knows(a, family, "mend"), **mended)
    yield Act(
        "record",
        f"/figures/students.pupils/records/{built.keys['key_pupil']}/?unit=s1-1",
        lambda _client: {"purpose": "二次核实"},
        lambda a: w.in_scope(a, "s1-1", "count") and opens(a, "s1-1", "B"),
        unmasks,
    )
    yield act("new-drop", f"/campaigns/new/{w.DRAFT}/drop/", lambda a: w.in_scope(a, w.DRAFTED_BY, "build"))
    yield act("draft-step", "/bulletins/drafts/1/step/", do="give-up", note="不再需要", seen="2")
    yield act("draft-approval", "/bulletins/drafts/1/approval/", do="approve", seen="2")
    yield act("draft-approval", "/bulletins/drafts/1/approval/", do="return", note="请再核对一遍", seen="2")
    yield Act(
        "sheet-back", "/hand-in/sheet/", lambda client: {"sheet": sheet_of(client)}, lambda _actor: True
    )
    yield act("proof", "/proof/", text="全市共有教职工14501人。")
    yield brings("proof", "/proof/", file=("通报.docx", TEMPLATE.read_bytes()))
    yield brings("new-workbook", "/workbooks/new/", name="月报", template=("月报.xlsx", books.form()))
    yield brings("workbook-step", "/workbooks/1/step/", do="version", template=("二版.xlsx", books.form()))
    rows = "姓名,身份证号,手机号\n丁某某,990101201001010011,10000001234\n".encode()
    yield brings("list-bring", "/lists/1/bring/", file=("旅客.csv", rows), source="站")
    yield brings("roster-bring", "/lists/rosters/", file=("名册.csv", rows), source="校", kind="pupils")
    form = ("承诺.xlsx", form_bytes("pledge"))
    yield brings(
        "new-form",
        f"/campaigns/new/{w.DRAFT}/form/",
        lambda a: w.in_scope(a, w.DRAFTED_BY, "build"),
        file=form,
    )


ROW = 1


def brings(
    name: str, address: str, done_for: Callable[[str], bool] = lambda _actor: True, /, **sent: Any
) -> Act:
    """An act with a file, (name, content), which is read anew each time."""

    def told(_client: Client) -> dict[str, Any]:
        return {
            field: SimpleUploadedFile(*value) if isinstance(value, tuple) else value
            for field, value in sent.items()
        }

    return Act(name, address, told, done_for)


def sheet_of(client: Client) -> Any:
    answer = client.get("/hand-in/ten-ones/sheet.xlsx")
    return SimpleUploadedFile("ten-ones.xlsx", answer.content)


def test_what_is_done_is_done_for_those_whom_the_table_names_alone(
    built: World, visitors: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each act by each account, undone again; what comes back names nobody whom the table does not name."""
    faults, done = Faults(), Counter[str]()
    wanted = list(acts(built))
    for act in wanted:
        for actor in ["", *ACTORS]:
            client = visitors(actor)
            with transaction.atomic():
                answer = client.post(act.address, act.sent(client), headers={"Accept": "text/html"})
                text = text_of(answer)
                transaction.set_rollback(True)
            forget_trees()
            queries.forget()
            faults.count(act.name, actor, "act", answer)
            expected = expected_act(act, actor)
            faults.expect(
                answer.status_code in expected, answer.status_code, "not", expected, actor, act.address
            )
            check_no_more(faults, text, TOLD.get(act.name, act.name), actor, act.address)
            done[act.name] += answer.status_code in (200, 204, 302) and bool(actor)
    faults.expect(all(done[act.name] for act in wanted), "done by nobody", done)
    report(faults, capsys)


def expected_act(act: Act, actor: str) -> set[int]:
    if not actor:
        return {401}
    if not ACTORS[actor] or not w.may(actor, PURPOSE[act.name]):
        return {403}
    if not act.done_for(actor):
        return {404}
    return {200, 204, 302} if act.allowed(actor) else {403}


# ----------------------------------------------------------------------------- what a sample would miss


@pytest.mark.parametrize("format", ["person", "person-json"])
def test_a_class_teacher_sees_the_own_class_and_nobody_elses_child(
    built: World, visitors: Any, format: str
) -> None:
    """Also not her own child, who is in another class; nor a pupil who has moved."""
    faults = Faults()
    for person in PEOPLE:
        check_personal_cell(faults, visitors("class"), format, "class", person, built.people[person])
    assert faults == []
    expected = {"pupil": 200, "elsewhere": 404, "moved": 404, "beside": 404, "left": 404}
    for person, status in expected.items():
        told = visitors("class").get(PERSONAL[format].format(person=built.people[person]))
        assert told.status_code == status, person


def test_who_is_not_there_looks_like_who_never_was(built: World, visitors: Any) -> None:
    never, hidden = (visitors("class").get(f"/people/{id}.json") for id in (10**9, built.people["elsewhere"]))
    assert never.status_code == hidden.status_code == 404
    assert never.json() == hidden.json()
    visit = visitors("zone")
    visit.get("/")  # the first page that somebody opens carries the stylesheet
    told = [visit.get(f"/?unit={code}").content.decode() for code in ("s2", "zz")]
    told = [re.sub('s2|zz|csrfmiddlewaretoken" value="[^"]+"', "", text) for text in told]
    assert told[0] == told[1]


def test_a_glass_that_is_broken_shows_all_of_one_person_for_30_minutes(
    built: World, visitors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fangxian.access.models import Event
    from fangxian.web import clock

    id, other = built.people["pupil"], built.people["beside"]
    told = {"case": "三号病例", "reason": "需要立即联系密切接触者家长"}
    before = Event.objects.latest("pk").pk
    assert visitors("zone").post(f"/people/{id}/glass/", {"case": "", "reason": "x"}).status_code == 422
    assert visitors("zone").post(f"/people/{id}/glass/", told).status_code == 302
    [row] = [row for row in glass.pending(moment=clock.machine()) if row.case == "三号病例"]
    assert FULL["pupil", "F"] not in visitors("zone").get(f"/people/{id}/").content.decode()
    assert visitors("zone").post(f"/glass/{row.pk}/").status_code == 403, "a zone lead consents to nothing"
    assert "三号病例" in visitors("head").get("/glass/").content.decode()
    assert "三号病例" not in visitors("office").get("/glass/").content.decode()
    assert visitors("head").post(f"/glass/{row.pk}/").status_code == 302
    text = visitors("zone").get(f"/people/{id}/").content.decode()
    assert all(FULL["pupil", c] in text for c in "BCDEF")
    assert FULL["beside", "F"] not in visitors("zone").get(f"/people/{other}/").content.decode()
    assert FULL["pupil", "F"] not in visitors("centre").get(f"/people/{id}/").content.decode()
    whats = list(Event.objects.filter(pk__gt=before).order_by("pk").values_list("what", flat=True))
    assert [what for what in whats if "glass" in what] == ["glass-asked", "glass-opened", "read-glass"]
    later = clock.machine() + glass.HOLDS
    monkeypatch.setattr("fangxian.web.clock.machine", lambda: later)
    assert FULL["pupil", "F"] not in visitors("zone").get(f"/people/{id}/").content.decode()


def test_nobody_consents_alone(built: World, visitors: Any) -> None:
    from fangxian.web import clock

    told = {"case": "三号病例", "reason": "需要立即联系密切接触者家长"}
    assert visitors("officer").post(f"/people/{built.people['pupil']}/glass/", told).status_code == 302
    [row] = [row for row in glass.pending(moment=clock.machine()) if row.case == "三号病例"]
    assert visitors("officer").post(f"/glass/{row.pk}/").status_code == 409
    assert glass.pending(moment=clock.machine())


def test_the_audit_log_names_looks_and_copies_and_holds_no_value(built: World, visitors: Any) -> None:
    from fangxian.access.models import Event

    officer, before = visitors("officer"), Event.objects.latest("pk").pk
    id = built.people["pupil"]
    officer.get(f"/people/{id}/")
    officer.post(f"/people/{id}/unmask/", {"field": "id_number", "reason": "核对学籍号码是否重复"})
    file = b"".join(officer.get("/people/people.csv?unit=s1")).decode("utf-8-sig")
    copy = re.search(r"^[^,\r\n]+,([a-z2-7]{8})\r?$", file, re.M).group(1)
    officer.get("/figures/screening.any_category/?unit=s1")
    rows = list(Event.objects.filter(pk__gt=before).order_by("pk"))
    assert [row.what for row in rows] == ["read", "unmask", "read", "export", "read"]
    assert rows[1].classes == "D" and "核对学籍" in rows[1].detail["reason"]
    assert {row.actor for row in rows} == {"officer"}
    kept = json.dumps([str(vars(row)) for row in rows], ensure_ascii=False)
    assert not seen(kept, FULL) and not seen(kept, MASKS)
    page = visitors("auditor").get(f"/audit/?copy={copy}").content.decode()
    assert "officer" in page and "people-file" in page


@pytest.mark.parametrize("actor", ["head", "officer", "zone"])
def test_a_list_costs_as_many_queries_for_few_as_for_many(built: World, visitors: Any, actor: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counted = []
    for unit in ("s1-2", "s1"):
        visitors(actor).get(f"/people/?unit={unit}")
        with CaptureQueriesContext(connection) as captured:
            assert visitors(actor).get(f"/people/?unit={unit}").status_code == 200
        counted.append(len(captured))
    assert counted[0] == counted[1] < 30
