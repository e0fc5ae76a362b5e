"""submit, correct, retract, withdraw, verify, transfer: what goes in, what they print, how they exit."""

import pytest
from tests.submissions.conftest import World

from fangxian.registry.models import Post
from fangxian.submissions.models import Revision, Submission, Verification

from .conftest import Run, told


def pledge(world: World, instance: str = "p-1", **changes: object) -> dict[str, object]:
    entry: dict[str, object] = {
        "campaign": "pledge",
        "instance_id": instance,
        "subject": {"person": world.member},
        "answers": {"signed": "yes"},
        "happened": "2020-02-10T09:00:00+08:00",
    }
    return entry | changes


def test_submitting_twice_is_accepted_and_stored_once(world: World, run: Run) -> None:
    first, again = run("submit", pledge(world)), run("submit", pledge(world))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert [told(r)[0]["status"] for r in (first, again)] == ["accepted", "already"]
    assert Submission.objects.get().form_version.version == "1"


def test_a_refused_line_is_told_and_its_neighbour_stored(world: World, run: Run) -> None:
    result = run("submit", pledge(world), pledge(world, "p-2", answers={"signed": "never"}))
    assert result.exit_code == 1
    good, bad = told(result)
    assert (good["status"], bad["status"]) == ("accepted", "refused")
    assert bad["problems"][0]["code"] == "answers-against-form"
    assert bad["problems"][0]["sentence"]


def test_a_household_is_answered_for_member_by_member(world: World, run: Run) -> None:
    answers = world.screened("x", world.pupils[0]).answers
    new = {"member": {"name": "丁大", "birth_year": 1999, "relation": "grown_child"}}
    sheets = [{"subject": {"person": pupil}, "answers": answers} for pupil in world.pupils]
    sheets.append({"subject": new, "answers": answers | {"occupation": "university"}})
    entry = {"campaign": "screening", "round": 1, "household": world.household, "sheets": sheets}
    result = run("submit", entry | {"happened": "2020-02-03T09:00:00+08:00"})
    assert result.exit_code == 0, result.output
    assert Submission.objects.filter(household=world.household).values("subject").distinct().count() == 3


def test_correct_retract_withdraw_verify(world: World, run: Run) -> None:
    run("submit", pledge(world), pledge(world, "p-2"))
    assert told(run("verify", {"instance_id": "p-1", "how": "document"}))[0]["status"] == "verified"
    fixed = run("correct", {"supersedes": "p-1", "answers": {"signed": "yes"}, "instance_id": "p-3"}, day=14)
    assert told(fixed)[0]["status"] == "accepted"
    number = Submission.objects.get(instance_id="p-2").pk
    assert run("retract", {"submission": number, "reason": "wrong person"}, day=14).exit_code == 0
    gone = run("withdraw", {"instance_id": "p-3", "day": "2020-02-13"}, day=14)
    assert gone.exit_code == 0, gone.output
    kinds = dict(Revision.objects.values_list("submission__instance_id", "kind"))
    assert kinds == {"p-1": "superseded", "p-2": "retracted", "p-3": "withdrawn"}
    assert Verification.objects.get().how == "document"


def test_a_transfer_moves_the_pupil(world: World, run: Run) -> None:
    result = run("transfer", {"person": world.pupils[0], "to": "k2", "day": "2020-02-10"})
    assert result.exit_code == 0
    current = Post.objects.get(person=world.pupils[0], valid_until=None, recorded_until=None)
    assert current.unit_id == world.units["k2"]


@pytest.mark.parametrize(
    ("command", "line", "code"),
    [
        ("submit", "{not json", "bad-line"),
        ("submit", {"campaign": "nowhere"}, "unknown-campaign"),
        ("submit", {"campaign": "pledge", "answers": {}, "subject": {"animal": 1}}, "bad-line"),
        ("submit", {"campaign": "pledge", "answers": {}, "subject": {"unit": "nowhere"}}, "unknown-unit"),
        ("correct", {"supersedes": "nothing", "answers": {}}, "unknown-instance"),
        ("retract", {"reason": "no id"}, "bad-line"),
        ("retract", {"instance_id": "nothing"}, "unknown-instance"),
        ("withdraw", {"instance_id": "p-1", "day": "soon"}, "bad-line"),
        ("transfer", {"person": 999_999, "to": "k1", "day": "2020-02-10"}, "unknown-person"),
    ],
)
def test_a_bad_line_is_a_sentence_and_nothing_is_stored(world: World, run: Run, command, line, code) -> None:
    run("submit", pledge(world))
    result = run(command, pledge(world, "p-2") if command == "submit" else line, line)
    assert result.exit_code == 2
    assert f"[{code}]" in result.stderr
    assert Submission.objects.count() == 1
    assert not Revision.objects.exists()


def test_one_bad_retraction_leaves_its_neighbours_live(world: World, run: Run) -> None:
    run("submit", pledge(world))
    assert run("retract", {"instance_id": "p-1"}, {"instance_id": "nothing"}).exit_code == 2
    assert not Revision.objects.exists()
