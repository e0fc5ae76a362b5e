"""Reminders through apprise: held in quiet hours, sent once, tried again with bounds, each recorded."""

import itertools
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from apprise.decorators import notify
from click.testing import CliRunner

from fangxian.access import audit
from fangxian.campaigns import sending
from fangxian.campaigns.actions import (
    Owed,
    add_channel,
    begin_deliveries,
    launch_campaign,
    remind,
    remove_channel,
)
from fangxian.campaigns.deliveries import (
    ACCEPTED,
    ATTEMPTS,
    BEGUN,
    FAILED,
    PAUSES,
    next_attempt,
    quiet_until,
    read_quiet,
)
from fangxian.campaigns.models import Channel, Delivery
from fangxian.campaigns.problems import ChannelUnfit, QuietUnreadable
from fangxian.kernel.demonstration import Demonstration
from fangxian.kernel.home import Home
from fangxian.kernel.secrets import keyring

from .conftest import BY, Town, at

pytestmark = pytest.mark.django_db
SENT: list[tuple[str, str]] = []
T1 = at(1)
ANSWERS: list[bool] = []  # what the service says next; True where nothing is said


@notify(on="desk", name="Desk")
def desk(body: str, title: str, notify_type: Any, *_told: Any, **_more: Any) -> bool:
    SENT.append((title, body))
    return ANSWERS.pop(0) if ANSWERS else True


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    SENT.clear()
    ANSWERS.clear()
    yield


@pytest.fixture
def owing(town: Town) -> Town:
    launch_campaign(
        code="hygiene",
        name="爱国卫生",
        name_en="Hygiene",
        issuer=town.units["xw"],
        audience=[{"kind": "units", "unit_kind": ["school"]}],
        schedule={"kind": "once"},
        opens=at(1),
        by=BY,
        now=at(1),
    )
    return town


def channel(
    town: Town, address: str = "desk://", unit: str = "xw", quiet: str = "21:00-07:00", now: datetime = T1
) -> int:
    kind, hours = sending.service_of(address), read_quiet(quiet)
    return add_channel(
        name="群", address=address, kind=kind, unit=town.units[unit], quiet=hours, by=BY, now=now
    )


def reminded(town: Town, *schools: str, now: datetime) -> None:
    owed = [Owed(1, town.units[s], 1, town.heads[s], f"{s}还差1份") for s in schools]
    remind(owed=owed, by=BY, now=now)


def deliver(now: datetime) -> tuple[int, int]:
    return sending.deliver(clock=lambda: now, looked=audit.reminded)


def states() -> list[tuple[int, str]]:
    return list(Delivery.objects.order_by("pk").values_list("attempt", "state"))


# ------------------------------------------------------------------------------------------- by example


@pytest.mark.parametrize(
    ("quiet", "clock", "until"),
    [
        ("21:00-07:00", (12, 20, 59), None),
        ("21:00-07:00", (12, 21, 0), (13, 7)),
        ("21:00-07:00", (13, 6, 59), (13, 7)),
        ("21:00-07:00", (13, 7, 0), None),
        ("12:00-14:00", (12, 13, 0), (12, 14)),
        ("12:00-14:00", (12, 14, 0), None),
        ("00:00-00:00", (12, 3, 0), None),
    ],
)
def test_quiet_hours(quiet: str, clock: tuple[int, int, int], until: tuple[int, int] | None) -> None:
    start, end = read_quiet(quiet)
    found = quiet_until(Channel(quiet_from=start, quiet_until=end), at(*clock))
    assert found == (None if until is None else at(*until))


@pytest.mark.parametrize("text", ["", "21-7", "25:00-07:00", "21:00", "21:00–07:00"])
def test_quiet_hours_that_cannot_be_read(text: str) -> None:
    with pytest.raises(QuietUnreadable):
        read_quiet(text)


T = at(12)


@pytest.mark.parametrize(
    ("before", "minutes", "attempt"),
    [
        ([], 0, 1),
        ([(1, BEGUN)], 60, None),
        ([(1, BEGUN), (1, ACCEPTED)], 60, None),
        ([(1, BEGUN), (1, FAILED)], 0, None),
        ([(1, BEGUN), (1, FAILED)], 1, 2),
        ([(1, BEGUN), (1, FAILED), (2, BEGUN)], 60, None),
        ([(1, BEGUN), (1, FAILED), (2, BEGUN), (2, FAILED)], 4, None),
        ([(1, BEGUN), (1, FAILED), (2, BEGUN), (2, FAILED)], 5, 3),
        ([(n, s) for n in range(1, ATTEMPTS + 1) for s in (BEGUN, FAILED)], 600, None),
    ],
)
def test_when_a_reminder_is_tried_again(
    before: list[tuple[int, str]], minutes: int, attempt: int | None
) -> None:
    states = [(number, state, T) for number, state in before]
    assert next_attempt(states, T + timedelta(minutes=minutes)) == attempt


# ------------------------------------------------------------------------------------------- sending


def test_what_is_sent_is_accepted_once_and_never_again(owing: Town) -> None:
    channel(owing)
    reminded(owing, "s1", "s2", now=at(12, 10))
    assert deliver(at(12, 10)) == (1, 0)
    assert SENT == [("防线 · 催报", "s1还差1份\ns2还差1份")]
    assert states() == [(1, BEGUN), (1, BEGUN), (1, ACCEPTED), (1, ACCEPTED)]
    for later in (at(12, 10, 1), at(12, 15), at(13, 9)):
        assert deliver(later) == (0, 0)
    assert len(SENT) == 1


def test_in_quiet_hours_it_is_held_until_after(owing: Town) -> None:
    channel(owing)
    reminded(owing, "s1", now=at(12, 21, 30))
    for held in (at(12, 21, 30), at(12, 23), at(13, 6, 59)):
        assert deliver(held) == (0, 0)
    assert not Delivery.objects.exists()
    assert deliver(at(13, 7)) == (1, 0) and len(SENT) == 1


def test_a_failure_is_kept_with_its_reason_and_tried_again_with_bounds(owing: Town) -> None:
    channel(owing)
    reminded(owing, "s1", now=at(12, 10))
    ANSWERS.extend([False] * 10)
    now = at(12, 10)
    for pause in (*PAUSES, timedelta(hours=3), timedelta(hours=3)):
        deliver(now)
        now += pause
    deliver(now)
    assert len(SENT) == ATTEMPTS
    assert states() == [(n, s) for n in range(1, ATTEMPTS + 1) for s in (BEGUN, FAILED)]
    assert all(row.why for row in Delivery.objects.filter(state=FAILED))


def test_a_failure_that_is_mended_is_accepted_at_the_next_attempt(owing: Town) -> None:
    channel(owing)
    reminded(owing, "s1", now=at(12, 10))
    ANSWERS.append(False)
    assert deliver(at(12, 10)) == (0, 1)
    assert deliver(at(12, 10)) == (0, 0), "not at once"
    assert deliver(at(12, 10, 1)) == (1, 0)
    assert states()[-1] == (2, ACCEPTED)


def test_what_began_and_has_no_outcome_is_not_sent_again(owing: Town) -> None:
    """The machine went down between sending and writing: it may have arrived."""
    channel(owing)
    reminded(owing, "s1", now=at(12, 10))
    assert len(begin_deliveries(by=BY, now=at(12, 10))) == 1
    assert begin_deliveries(by=BY, now=at(12, 10)) == [], "nor handed out to two who ask"
    assert deliver(at(12, 15)) == (0, 0) and SENT == []


def test_a_channel_gets_what_lies_under_its_unit_and_came_after_it(owing: Town) -> None:
    reminded(owing, "s1", now=at(12, 8))
    channel(owing, unit="c1", now=at(12, 9))
    reminded(owing, "s2", "s3", now=at(12, 10))
    deliver(at(12, 10))
    assert [body for _title, body in SENT] == ["s2还差1份"]


def test_what_is_a_day_old_is_not_sent_any_more(owing: Town) -> None:
    channel(owing)
    reminded(owing, "s1", now=at(12, 10))
    assert deliver(at(13, 10, 1)) == (0, 0) and SENT == []


def test_a_demonstration_sends_nothing(owing: Town, other_home: Home) -> None:
    channel(owing)
    reminded(owing, "s1", now=at(12, 10))
    Demonstration("x", 1, 1, "", at(12).isoformat()).write(other_home.path)
    assert deliver(at(12, 10)) == (0, 0) and SENT == []


def test_a_removed_channel_gets_nothing_and_its_address_is_gone(owing: Town) -> None:
    made = channel(owing)
    reminded(owing, "s1", now=at(12, 10))
    remove_channel(channel=made, by=BY, now=at(12, 10))
    assert deliver(at(12, 10)) == (0, 0)
    assert bytes(Channel.objects.get(pk=made).sealed) == b""


def test_looking_writes_nothing_where_nothing_is_due(owing: Town) -> None:
    from fangxian.kernel.models import Change

    channel(owing)
    before = Change.objects.count()
    deliver(at(12, 10))
    assert Change.objects.count() == before


# ------------------------------------------------------------------------------------------- over the wire


class _Gateway(BaseHTTPRequestHandler):
    status = 200
    heard: list[tuple[str, Any]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append((self.path, body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_told: Any) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Any]:
    _Gateway.status, _Gateway.heard = 200, []
    server = HTTPServer(("127.0.0.1", 0), _Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_over_http_and_to_each_recipients_own_phone(owing: Town, gateway: Any) -> None:
    channel(owing, f"json://127.0.0.1:{gateway.server_port}/sms/{{phone}}")
    reminded(owing, "s1", "s2", now=at(12, 10))
    assert deliver(at(12, 10)) == (2, 0)
    assert [path for path, _body in _Gateway.heard] == ["/sms/10000000000", "/sms/10000000001"]
    assert [body["message"] for _path, body in _Gateway.heard] == ["s1还差1份", "s2还差1份"]


def test_a_refusal_over_http_is_told_without_the_secrets_of_the_address(owing: Town, gateway: Any) -> None:
    _Gateway.status = 403
    channel(owing, f"json://127.0.0.1:{gateway.server_port}/secret-token")
    reminded(owing, "s1", now=at(12, 10))
    assert deliver(at(12, 10)) == (0, 1)
    why = Delivery.objects.get(state=FAILED).why
    assert "403" in why and "secret-token" not in why


def test_the_address_lies_sealed(owing: Town) -> None:
    made = channel(owing, "json://user:p4ssword@127.0.0.1/secret-token")
    sealed = bytes(Channel.objects.get(pk=made).sealed)
    assert b"secret" not in sealed and "secret-token" in keyring().open(sealed)


@pytest.mark.parametrize("address", ["", "nothing", "gopher://x", "dingtalk://"])
def test_an_address_that_apprise_does_not_know_is_refused(address: str) -> None:
    with pytest.raises(ChannelUnfit):
        sending.service_of(address)


def test_the_services_that_offices_use_are_known() -> None:
    for address in (
        "dingtalk://abcdefgh12345678",
        "wecombot://abcdefgh-1234-1234-1234-abcdefgh1234",
        "mailtos://user:pass@mail.example?to=duty@office.example",
        "json://gateway.example/send?to={phone}",
    ):
        assert sending.service_of(address)


# ------------------------------------------------------------------------------------------- command line


def run(*words: str, given: str = "") -> Any:
    from fangxian.cli.main import _build

    return CliRunner().invoke(_build(), ["--lang", "en", *words], input=given)


def test_the_commands(owing: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fangxian.cli.channel._clock", lambda: at(12, 10))
    added = run("channel", "add", "Duty", "--unit", "c1", "--quiet", "22:00-06:00", given="desk://\n")
    assert added.exit_code == 0, added.output
    assert run("channel", "list").output.split("\t") == ["1", "Duty", "Desk", "c1", "22:00-06:00\n"]
    reminded(owing, "s1", now=at(12, 10))
    assert "1 messages accepted, 0 failed" in run("deliver").output
    assert run("channel", "remove", "1").exit_code == 0 and run("channel", "list").output == ""
    assert run("channel", "remove", "1").exit_code == 2
    assert run("channel", "add", "X", given="nowhere\n").exit_code == 2


def test_the_outbox_tells_what_became_of_each(owing: Town, lake: Any, bureau: Any) -> None:
    channel(owing)
    reminded(owing, "s1", "s2", now=at(12, 10))
    ANSWERS.append(False)
    deliver(at(12, 10))
    lake()
    page = bureau.get("/outbox/").content.decode()
    assert "群" in page and page.count("第1次") == 2


def test_many_reminders_go_together(owing: Town) -> None:
    channel(owing)
    for n, school in itertools.product(range(1), ("s1", "s2", "s3")):
        reminded(owing, school, now=at(12, 10, n))
    assert deliver(at(12, 11)) == (1, 0) and SENT[0][1].count("\n") == 2
