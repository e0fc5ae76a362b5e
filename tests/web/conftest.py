"""The small city in the test's ledger, mirrored into a lake of its own, with things that are not in order."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from tests.apart import committed_apart
from tests.browsers import chromium_, playwright_, serving  # noqa: F401
from tests.officer import leader, officer, open_officer

from fangxian.access.models import Event, Seal
from fangxian.campaigns.models import Reminder
from fangxian.figures.engine import Engine
from fangxian.figures.moments import as_of
from fangxian.figures.sync import sync_lake
from fangxian.kernel.changes import ASIDE
from fangxian.kernel.demonstration import Demonstration
from fangxian.kernel.home import Home
from fangxian.kernel.models import Change, Head
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.kernel.secrets import make_keys
from fangxian.lake import apart
from fangxian.publishing.actions import issue_bulletin
from fangxian.publishing.make_template import TEMPLATE
from fangxian.publishing.models import Bulletin, Draft, Filling, Placement, Step, Workbook, WorkbookVersion
from fangxian.registry.actions import NewUnit, add_units
from fangxian.registry.tree import forget_trees
from fangxian.scenario.build import build_city
from fangxian.scenario.facts import read_facts
from fangxian.web import counting, remembered

CLOCK = datetime(2020, 2, 12, 18, 20, tzinfo=OFFICE_ZONE)
KEYS = bytes(range(96))
LONELY = "lonely"  # a school in no zone, without a first responsible person; its name looks like a formula


@dataclass(frozen=True)
class City:
    home: Home
    clock: datetime
    last: datetime  # when the last record was made


@pytest.fixture(scope="package")
def city(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[City]:
    """Built once for this room's tests, which only read; flushed afterwards."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        home = Home(tmp_path_factory.mktemp("city") / "home").make()
        make_keys(home.keys, KEYS)
        patch.setenv("FANGXIAN_HOME", str(home.path))
        Demonstration("xuanwei-2020", 0.01, 1, "", CLOCK.isoformat()).write(home.path)
        _forget()
        build_city(read_facts(None), scale=0.01, seed=1)
        _add_what_is_not_in_order()
        open_officer(unit="xw", now=Head.objects.get().at)
        sync_lake(home)
        _issue(home)
        sync_lake(home)
        yield City(home, CLOCK, Head.objects.get().at)
        call_command("flush", verbosity=0, interactive=False)
        _forget()
        apart.close()


def _add_what_is_not_in_order() -> None:
    units = [NewUnit(LONELY, "school", "=1+1孤山小学", "xw", date(2019, 9, 1), stage="primary")]
    add_units(units=units, by="test", now=Head.objects.get().at + timedelta(seconds=1))


def _issue(home: Home) -> None:
    issue_bulletin(
        at=as_of(CLOCK),
        template=TEMPLATE.read_bytes(),
        by="test:officer",
        now=CLOCK,
        engine=Engine(home),
        home=home,
    )


def _forget() -> None:
    counting.forget()
    forget_trees()


@pytest.fixture
def board(city: City, client: Any, db: None) -> Any:
    """Django's test client, on the city, signed in as the duty officer."""
    client.force_login(officer())
    return client


@pytest.fixture(autouse=True)
def _fresh_pages() -> Iterator[None]:
    """A test's records are rolled back, so what was rendered from them is of no state that comes again."""
    yield
    remembered.PAGES.forget()


@pytest.fixture(scope="package")
def site(city: City, django_db_blocker: Any) -> Iterator[str]:
    """The pages on a port of their own; its threads read what is committed."""
    with django_db_blocker.unblock(), serving() as address:
        yield address


@pytest.fixture(scope="package")
def session(site: str, django_db_blocker: Any) -> str:
    """The duty officer's, committed, so that the server's threads know it."""
    with django_db_blocker.unblock():
        client = Client()
        client.force_login(officer())
        return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture(scope="package")
def signing(site: str, django_db_blocker: Any) -> str:
    """The session of who approves bulletins, committed too."""
    with django_db_blocker.unblock():
        client = Client()
        client.force_login(leader())
        return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def visit(chromium: Any, site: str, session: str, writing: None) -> Iterator[Callable[..., Any]]:
    """A browser's visit, as the duty officer; with Playwright's options of a context."""
    opened = []

    def visiting(**options: Any) -> Any:
        context = chromium.new_context(**{"base_url": site, "locale": "zh-CN"} | options)
        opened.append(context)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        context.set_default_timeout(20_000)
        return context

    yield visiting
    for context in opened:
        context.close()


@pytest.fixture
def page(visit: Callable[..., Any]) -> Iterator[Any]:
    context = visit(viewport={"width": 1280, "height": 900})
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert said == [], "the page's own policy and scripts are at peace"


@pytest.fixture
def writing(city: City, db: None) -> Iterator[None]:
    """For what a browser's visit writes (a look that is logged, what is posted): it is committed, and taken
    away afterwards; no figure reads it. The test's own transaction would keep all other writers out of an
    SQLite ledger: it is ended before, and on PostgreSQL before what was committed is taken away apart."""
    if connection.vendor == "sqlite":
        _end_transaction()
    before = Change.objects.order_by("-position").first().position
    yield
    if connection.vendor == "sqlite":
        _take_away(before)
    else:
        _end_transaction()
        committed_apart(lambda: _take_away(before))


def _end_transaction() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK")


def _take_away(before: int) -> None:
    asides = Change.objects.filter(action__in=ASIDE, position__gt=before)
    for rows in (
        Filling.objects.all(),
        Placement.objects.all(),
        WorkbookVersion.objects.all(),
        Workbook.objects.all(),
        Step.objects.all(),
        Draft.objects.all(),
        *(Bulletin.objects.filter(number=number) for number in range(9, 1, -1)),  # a correction first
        Reminder.objects.all(),
        asides,
        Event.objects.all(),
        Seal.objects.all(),
    ):
        rows.delete()
    Head.objects.update(position=Change.objects.order_by("-position").first().position)


@pytest.fixture(scope="session")
def package() -> Path:
    from fangxian import web

    return Path(web.__file__).parents[1]


_STEP = re.compile(r"([a-z0-9]*)((?:[.#][\w-]+|\[[\w-]+=[^\]]+\]|:not\(\.[\w-]+\))*)$")
_TEST = re.compile(r"([.#])([\w-]+)|\[([\w-]+)=([^\]]+)\]|:not\(\.([\w-]+)\)")


def css(element: Any, selector: str) -> list[Any]:
    """Descendants by a plain selector: tags, .class, #id, [name=value], :not(.class), one in another."""
    return element.xpath("." + "".join(f"//{_step(step)}" for step in selector.split()))


def _step(step: str) -> str:
    tag, tests = _STEP.match(step).groups()
    return (tag or "*") + "".join(f"[{_test(*test)}]" for test in _TEST.findall(tests))


def _test(mark: str, word: str, name: str, value: str, without: str) -> str:
    if name:
        return f"@{name}='{value}'"
    if mark == "#":
        return f"@id='{word}'"
    has = f"contains(concat(' ', normalize-space(@class), ' '), ' {word or without} ')"
    return f"not({has})" if without else has
