"""The JSON door: what it takes once, what it refuses by name, and that neighbours do not suffer for it."""

import asyncio
import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.campaigns.actions import open_round, revise_text
from fangxian.kernel.changes import head_position
from fangxian.kernel.models import Change
from fangxian.kernel.problems import Problem
from fangxian.submissions.models import Refusal, Submission
from fangxian.web.doors import asgi, group, taking
from fangxian.web.doors.group import Job
from fangxian.web.doors.who import OfUnit

from .conftest import Door, revoked
from .town import Town, moment, morning


def test_a_submission_is_taken_once(door: Door) -> None:
    entry = morning(door.town.pupils[0], "m-1")
    first, again = door.post(entry, by="k1"), door.post(entry, by="k1")
    row = Submission.objects.get()
    assert (first.status, first.json) == (
        201,
        {"outcome": "accepted", "submissions": [row.pk], "late": False},
    )
    assert (again.status, again.json["outcome"], again.json["submissions"]) == (200, "already", [row.pk])
    assert (row.by, row.recorded, row.received) == (
        "k1",
        Change.objects.get(position=row.recorded).position,
        moment(10, 9),
    )
    other = door.post(morning(door.town.pupils[0], "m-1", state="away"))
    assert (other.status, other.code) == (409, "instance-conflict")
    assert other.headers["content-type"] == "application/problem+json"
    assert Submission.objects.count() == 1


def test_sixteen_identical_at_once_are_all_accepted_and_stored_once(door: Door) -> None:
    answers = door.post_all([morning(door.town.pupils[0], "m-1")] * 16)
    assert sorted(answer.status for answer in answers) == [200] * 15 + [201]
    assert {tuple(answer.json["submissions"]) for answer in answers} == {(Submission.objects.get().pk,)}


def test_sixteen_identical_that_are_wrong_are_all_refused(door: Door) -> None:
    """A twin of what is refused in the same batch must not be told that it is there."""
    answers = door.post_all([morning(door.town.pupils[0], "m-1", state="nowhere")] * 16)
    assert {(answer.status, answer.code) for answer in answers} == {(422, "answers-against-form")}
    assert not Submission.objects.exists()


def test_many_are_each_answered_in_order(door: Door) -> None:
    one, two = door.town.pupils[:2]
    sent = [morning(one, "m-1"), morning(two, "m-2", state="ill", since="2021-01-01"), morning(one, "m-1")]
    answer = door.post(sent)
    assert answer.status == 200
    assert [result["status"] for result in answer.json["results"]] == [201, 422, 200]
    refused = answer.json["results"][1]["problems"][0]
    assert (refused["code"], refused["faults"][0]["question"]) == ("answers-against-form", "since")
    assert Submission.objects.count() == 1 and Refusal.objects.get().door == "api"


def test_a_late_one_is_kept_and_marked(door: Door, clock: Any) -> None:
    clock(moment(14))
    sent = {"campaign": "hygiene", "instance_id": "h-1", "subject": {"unit": "s1"}}
    sent |= {"happened": moment(11).isoformat(), "answers": {"done": "yes", "areas": ["classrooms"]}}
    answers = [door.post(sent, by="s1"), door.post(sent, by="s1")]
    assert [(a.status, a.json["late"]) for a in answers] == [(201, True), (200, True)], answers[0].body
    assert Submission.objects.get().late


def test_whom_one_does_not_reach_is_not_there(door: Door) -> None:
    """Another school's pupil, one whom nobody knows, and a household: the same answer, but for the number."""
    far, nobody = door.town.pupils[0], 10**12
    told = [door.post(morning(who, f"m-{who}"), by="s2") for who in (far, nobody)]
    assert [(a.status, a.code) for a in told] == [(404, "unknown-person")] * 2
    assert told[0].json["detail"].replace(str(far), str(nobody)) == told[1].json["detail"]
    household = {**morning(far, "h-1"), "campaign": "screening", "household": door.town.households[0]}
    assert door.post(household, by="s2").code == "unknown-household"
    unit = {**morning(far, "u-1"), "campaign": "hygiene", "subject": {"unit": "s1"}}
    assert (door.post(unit, by="s2").code, Submission.objects.count()) == ("unknown-unit", 0)


def test_who_is_reached_but_not_asked_is_told_so(door: Door) -> None:
    wrong = {**morning(door.town.pupils[0], "h-1"), "campaign": "hygiene", "version": "1"}
    assert door.post(wrong, by="k1").code == "outside-audience"


def test_a_right_that_ended_is_gone_at_the_next_request(door: Door) -> None:
    one, two, three = door.town.pupils[:3]
    assert door.post(morning(one, "m-1"), by="k1").status == 201
    revoked.add("k1")
    revise_text(campaign="hygiene", body="任何不是填报的变更", by="test", now=moment(10, 9))
    assert (door.post(morning(two, "m-2"), by="k1").status, door.post(morning(three, "m-3")).status) == (
        401,
        201,
    )


def test_a_round_opened_meanwhile_is_known_at_the_next_request(door: Door) -> None:
    sent = {"campaign": "hygiene", "round": 2, "instance_id": "h-1", "subject": {"unit": "s1"}}
    sent |= {"happened": moment(10).isoformat(), "answers": {"done": "no"}}
    assert door.post(sent).code == "unknown-round"
    open_round(campaign="hygiene", number=2, by="test", now=moment(10, 9))
    assert door.post(sent | {"happened": moment(10, 9).isoformat()}).status == 201


@pytest.mark.parametrize("shown", ["", "Basic !!", "Bearer x", "Basic eHc6d3Jvbmc="])
def test_a_stranger_is_asked_to_sign_in(door: Door, shown: str) -> None:
    answer = door.post(morning(1, "m-1"), authorization=shown)
    assert (answer.status, answer.code) == (401, "sign-in-needed")
    assert answer.headers["www-authenticate"].startswith("Basic ")


# ------------------------------------------------------------------------------------- neighbours in a batch


def jobs(taker: taking.Taker, town: Town, *entries: dict[str, Any]) -> list[Job]:
    sender = OfUnit("test", 0, frozenset(town.units.values()))
    return [Job([entry], sender, taker.known.epoch, "api", 1) for entry in entries]


def test_a_poisoned_submission_does_not_fail_its_neighbours(
    taker: taking.Taker, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that a fault of the program meets in the midst of the batch: the other fifteen are taken."""
    from fangxian.submissions import intake

    check = intake.Form.check

    def poisoned(form: Any, answers: Any, **more: Any) -> Any:
        assert answers.get("note") != "poison"
        return check(form, answers, **more)

    monkeypatch.setattr(intake.Form, "check", poisoned)
    sent = [morning(town.pupils[at % 12], f"m-{at}") for at in range(16)]
    sent[5]["answers"] = {"state": "away", "note": "poison"}
    answers = taker(jobs(taker, town, *sent))
    assert [at for at, answer in enumerate(answers) if not isinstance(answer, list)] == [5]
    assert answers[5].code == "unexpected"
    assert Submission.objects.count() == 15


def test_a_batch_is_one_position(taker: taking.Taker, town: Town) -> None:
    before = head_position()
    taker(jobs(taker, town, *(morning(pupil, f"m-{pupil}") for pupil in town.pupils)))
    assert set(Submission.objects.values_list("recorded", flat=True)) == {before + 1}
    assert head_position() == before + 1


def test_a_batch_asks_as_often_for_one_as_for_many(taker: taking.Taker, town: Town) -> None:
    taker(jobs(taker, town, morning(town.pupils[0], "m-0")))
    counts = []
    for count in (1, 10):
        sent = [morning(pupil, f"m-{count}-{pupil}") for pupil in town.pupils[:count]]
        work = jobs(taker, town, *sent)
        with CaptureQueriesContext(connection) as asked:
            taker(work)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 11


def test_a_batch_that_names_somebody_anew_is_not_taken_for_answers_alone(
    taker: taking.Taker, town: Town
) -> None:
    """What the writer itself wrote is not looked up in the log; but a new member is of the registry."""
    taker(jobs(taker, town, morning(town.pupils[0], "m-0")))
    epoch = taker.known.epoch
    taker(jobs(taker, town, morning(town.pupils[1], "m-1")))
    assert taker.known.epoch == epoch
    named = {"campaign": "screening", "round": 1, "instance_id": "a-1", "household": town.households[0]}
    named |= {"subject": {"member": {"name": "一人"}}, "happened": moment(10).isoformat()}
    named |= {"answers": {"outcome": "no_answer"}}
    [[outcome]] = taker(jobs(taker, town, named))
    assert not outcome.problems, outcome.problems
    taker(jobs(taker, town, morning(town.pupils[2], "m-2")))
    assert taker.known.epoch == epoch + 1


def test_who_waits_for_a_writer_that_hangs_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    writer = group.Writer(lambda _jobs: [over.wait(10)]).start()

    async def ask() -> Any:
        sender = OfUnit("test", 0, frozenset())
        return await writer.put(Job([{}], sender, 0, "api", 1), 0.1)

    try:
        with pytest.raises(Problem, match="ledger-unavailable"):
            asyncio.run(ask())
    finally:
        over.set()
        writer.close()


# -------------------------------------------------------------------------------------------- a full queue


def test_a_full_queue_asks_to_come_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a batch is written the queue fills; what does not fit is told so at once, the rest is taken."""
    import threading
    import time

    monkeypatch.setattr(group, "WAITING", 4)
    monkeypatch.setattr(group, "BATCH", 2)
    taken, free = door.doors.writer._take, threading.Event()
    threading.Timer(1.0, free.set).start()
    door.doors.writer._take = lambda batch: (free.wait(10), taken(batch))[1]
    start = time.perf_counter()
    answers = door.post_all([morning(door.town.pupils[at], f"m-{at}") for at in range(12)])
    busy = [answer for answer in answers if answer.status == 503]
    assert busy and {answer.headers["retry-after"] for answer in busy} == {"1"}
    assert {answer.code for answer in busy} == {"doors-busy"}
    assert Submission.objects.count() == 12 - len(busy) >= 4
    assert time.perf_counter() - start < 10


def test_a_ledger_that_cannot_be_written_is_told_and_comes_back(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def full(*_: Any, **__: Any) -> Any:
        raise OperationalError("database or disk is full")

    receive = taking.receive
    monkeypatch.setattr(taking, "receive", full)
    answer = door.post(morning(door.town.pupils[0], "m-1"))
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "ledger-unavailable", "1")
    monkeypatch.setattr(taking, "receive", receive)
    assert door.post(morning(door.town.pupils[0], "m-1")).status == 201


def test_another_method_or_kind_of_body_is_refused(door: Door) -> None:
    assert door.ask("GET", "/api/submissions").status == 405
    assert door.post(b"a=1", content_type="application/x-www-form-urlencoded").code == "body-of-other-kind"
    assert asgi.LARGEST < 10 * 2**20
