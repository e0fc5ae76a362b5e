"""Nothing that was acknowledged is lost, nothing is doubled: kills, repeats, order, sizes."""

import http.client
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fangxian.submissions.models import Submission
from fangxian.web.doors import asgi
from fangxian.web.doors.taking import Stale, Taker

from .conftest import Door
from .served import AUTHORIZATION, READY, Served, installed, post_over
from .test_api import jobs
from .town import Town, morning

CLIENTS = 20
PUPILS = 200


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with installed(tmp_path_factory.mktemp("doors") / "home", pupils=PUPILS) as made:
        yield made


# -------------------------------------------------------------------------------------------------- kills


class Client(threading.Thread):
    """Sends one submission after another, each until it is acknowledged; knows which were."""

    def __init__(self, served: Served, number: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.served, self.number, self.over = served, number, over
        self.acknowledged: dict[str, int] = {}
        self.sent = self.lost = self.again = 0
        self.refused: list[Any] = []

    def run(self) -> None:
        while not self.over.is_set():
            self.sent += 1
            self._until_taken(1 + (self.number * 7 + self.sent) % PUPILS, f"{self.number}-{self.sent}")

    def _until_taken(self, person: int, instance: str) -> None:
        connection = None
        while instance not in self.acknowledged:
            try:
                connection = connection or http.client.HTTPConnection(
                    "127.0.0.1", self.served.port, timeout=15
                )
                status, told = post_over(connection, morning(person, instance))
            except OSError as error:
                self.lost += not isinstance(error, ConnectionRefusedError)
                connection = None
                time.sleep(0.1)
                continue
            if status in (200, 201):
                self.acknowledged[instance] = person
                self.again += status == 200
            elif status != 503:
                self.refused.append(told)
                return


@pytest.mark.django_db
@pytest.mark.parametrize("kills", [4, pytest.param(200, marks=pytest.mark.long)])
def test_kills_lose_and_double_nothing(served: Served, kills: int) -> None:
    chance, over = random.Random(kills), threading.Event()
    starts = [served.start()]
    clients = [Client(served, kills * 100 + number, over) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for _kill in range(kills):
        time.sleep(chance.uniform(0.05, 0.5))
        served.kill()
        starts.append(served.start())
    over.set()
    for client in clients:
        client.join(60)
    acknowledged = {k: v for client in clients for k, v in client.acknowledged.items()}
    assert [client.refused for client in clients if client.refused] == []
    assert not any(client.is_alive() for client in clients)
    stored = served.instances()
    mine = {k: v for k, v in stored.items() if int(k.split("-")[0]) // 100 == kills}
    served.stop()
    cut, again = sum(client.lost for client in clients), sum(client.again for client in clients)
    sys.stdout.write(
        f"\n{kills} kills: {len(acknowledged)} acknowledged, {len(mine)} stored, {cut} requests cut off, "
        f"{again} there already when sent again, slowest start {max(starts):.1f} s"
    )
    assert acknowledged == mine and len(mine) > kills and cut > 0
    assert max(starts) < READY


# ------------------------------------------------------------------------------------- repeats and order


def deliver(taker: Taker, town: Town, sent: list[dict[str, Any]], chance: random.Random) -> None:
    """Every entry at least once, some three times, in any order, until each is acknowledged."""
    left = [entry for entry in sent for _copy in range(chance.choice((1, 1, 2, 3)))]
    for _round in range(20):
        chance.shuffle(left)
        waiting, left = left, []
        while waiting:
            size = chance.randrange(1, 120)
            batch, waiting = waiting[:size], waiting[size:]
            answers = taker(jobs(taker, town, *batch))
            for entry, answer in zip(batch, answers, strict=True):
                if isinstance(answer, Stale) or answer[0].problems:
                    left.append(entry)
        if not left:
            return
    raise AssertionError(f"{len(left)} were never taken")


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_repeated_and_reordered_they_come_to_one_state(taker: Taker, town: Town, count: int) -> None:
    """A tenth are corrections, of which many arrive before what they correct."""
    sent = []
    for at in range(count):
        entry = morning(town.pupils[at % 12], f"m-{at}", state="here", temperature=36 + at % 20 / 10)
        if at % 10 == 9:
            entry |= {"supersedes": f"m-{at - 1}", "subject": sent[-1]["subject"]}
        sent.append(entry)
    deliver(taker, town, sent, random.Random(count))
    expected = {
        e["instance_id"]: (e["subject"]["person"], e["answers"]["temperature"], e.get("supersedes"))
        for e in sent
    }
    rows = Submission.objects.values_list("instance_id", "subject", "answers", "supersedes__instance_id")
    assert {i: (subject, answers["temperature"], old) for i, subject, answers, old in rows} == expected
    revised = Submission.objects.filter(revisions__kind="superseded").values_list("instance_id", flat=True)
    assert sorted(revised) == sorted(e["supersedes"] for e in sent if "supersedes" in e)


# ----------------------------------------------------------------------------------------------- bad input

GOOD = morning(1, "m-1")
HALF = json.dumps({**GOOD, "instance_id": "m"}).encode().replace(b'"m"', b'"\\ud800"')
BAD: dict[str, tuple[Any, str]] = {
    "malformed": (b'{"campaign": ', "body-unreadable"),
    "empty": (b"", "body-unreadable"),
    "not an object": (b"17", "body-amiss"),
    "empty list": (b"[]", "body-amiss"),
    "501 at once": ([GOOD] * 501, "too-many-at-once"),
    "NaN": (json.dumps(GOOD).replace("36.5", "NaN").encode(), "body-unreadable"),
    "invalid UTF-8": (json.dumps(GOOD).encode().replace(b"morning", b"m\xffrning"), "body-unreadable"),
    "20,000 deep": (b'{"answers":' + b"[" * 20_000 + b"]" * 20_000 + b"}", "body-unreadable"),
    "NUL in the id": ({**GOOD, "instance_id": "a\0b"}, "body-amiss"),
    "NUL in an answer": ({**GOOD, "answers": {"state": "away", "note": "a\0b"}}, "answers-against-form"),
    "half a letter": (HALF, "body-unreadable"),
    "no instance id": ({k: v for k, v in GOOD.items() if k != "instance_id"}, "body-amiss"),
    "a long instance id": ({**GOOD, "instance_id": "x" * 65}, "body-amiss"),
    "no subject": ({k: v for k, v in GOOD.items() if k != "subject"}, "body-amiss"),
    "two subjects": ({**GOOD, "subject": {"person": 1, "unit": "s1"}}, "body-amiss"),
    "another word": ({**GOOD, "xml": 1}, "body-amiss"),
    "a huge number": ({**GOOD, "subject": {"person": 2**70}}, "body-amiss"),
    "unknown campaign": ({**GOOD, "campaign": "nowhere"}, "unknown-campaign"),
    "unknown version": ({**GOOD, "version": "99"}, "unknown-form-version"),
    "unknown round": ({**GOOD, "round": 7}, "unknown-round"),
    "unknown text": ({**GOOD, "text": 99}, "unknown-text"),
    "missing required": ({**GOOD, "answers": {"state": "here"}}, "answers-against-form"),
    "bad choice": ({**GOOD, "answers": {"state": "mars"}}, "answers-against-form"),
    "wrong type": ({**GOOD, "answers": {"state": "here", "temperature": "warm"}}, "answers-against-form"),
    "no moment": ({**GOOD, "happened": "yesterday"}, "moment-unreadable"),
    "the end of time": ({**GOOD, "happened": "9999-12-31T23:59:59Z"}, "moment-unreadable"),
    "a clock a day ahead": ({**GOOD, "happened": "2020-02-11T09:00:00+08:00"}, "happened-in-future"),
    "before it opened": ({**GOOD, "happened": "2019-02-11T09:00:00+08:00"}, "not-yet-open"),
}  # fmt: skip


def test_bad_input_is_told_by_name_and_nothing_is_stored(door: Door) -> None:
    answers = {name: door.post(content) for name, (content, _code) in BAD.items()}
    assert {name: a.code for name, a in answers.items()} == {name: code for name, (_c, code) in BAD.items()}
    assert {a.status // 100 for a in answers.values()} == {4}
    assert not Submission.objects.exists()
    assert door.post(GOOD).status == 201


@pytest.mark.parametrize("path", ["/api/submissions", "/openrosa/submission"])
@pytest.mark.parametrize("told", [True, False])
def test_a_body_of_250_megabytes_is_refused_early(door: Door, path: str, told: bool) -> None:
    """Where its length is told nothing is read; else no more than the limit."""
    kinds = {
        "/api/submissions": "application/json",
        "/openrosa/submission": "multipart/form-data; boundary=x",
    }
    size, piece = 250 * 2**20, b"--x\r\n" + b"a" * (2**20 - 5)
    length = {"content_length": str(size)} if told else {}
    pieces = (piece for _ in range(250))
    answer = door.ask("POST", path, pieces, content_type=kinds[path], **length)
    assert answer.status in ((413,) if told or path.startswith("/api") else (400, 413))
    assert answer.read <= (2**20 if told else 26 * 2**20)


@pytest.mark.django_db
def test_the_server_stays_small_and_goes_on_after_large_bodies(served: Served) -> None:
    """Eight at once, each of 250 MB in pieces of unknown length: refused; the memory is that of before."""
    served.start()
    served.post(morning(1, "large-before"))
    before = served.memory
    senders = [threading.Thread(target=send_large, args=(served.port,)) for _ in range(8)]
    for sender in senders:
        sender.start()
    peak = before
    while any(sender.is_alive() for sender in senders):
        peak = max(peak, served.memory)
        time.sleep(0.05)
    sys.stdout.write(
        f"\n8 bodies of 250 MB: {before / 2**20:.0f} MB before, {peak / 2**20:.0f} MB at the peak"
    )
    assert peak - before < 160 * 2**20
    assert served.post(morning(2, "large-after"))[0] == 201
    served.stop()


def send_large(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Content-Type": "application/json", "Authorization": AUTHORIZATION}
    try:
        pieces = (b" " * 2**20 for _ in range(250))
        connection.request("POST", "/api/submissions", pieces, headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    except OSError:
        return  # it was hung up on, which is as good


def test_a_sender_who_stays_silent_is_let_go(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr(asgi, "PATIENCE", 0.2)

    async def silent() -> Any:
        never: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def receive() -> dict[str, Any]:
            return {"body": await never}

        request = asgi.Request("POST", "/api/submissions", {}, "127.0.0.1", receive)
        return await request.body(100)

    with pytest.raises(Exception, match="body-too-slow"):
        asyncio.run(silent())
