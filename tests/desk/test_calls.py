"""Who is called, in which order, and what a call leaves."""

import pytest

from fangxian.desk import actions, queries
from fangxian.desk.actions import HOLDS, ask_for_call
from fangxian.desk.models import Attempt, HandOver
from fangxian.desk.problems import AgainWhen, NobodyAtNumber, NotLeased, UnknownOutcome
from fangxian.registry.actions import change_phone, end_posts
from fangxian.registry.models import Post
from fangxian.submissions.models import Submission

from .conftest import NOW, Desk, at

pytestmark = pytest.mark.django_db


def left(desk: Desk, name: str = "caller") -> int:
    told = queries.standing(desk.calling, desk.reach(name), NOW)
    return told.asked - told.done


def test_one_household_one_caller(desk: Desk) -> None:
    first, second = desk.take("caller"), desk.take("second")
    assert first and second and first != second
    assert desk.take("caller") == first, "one at a time: it is the same until it is done"


def test_a_caller_is_given_whom_the_caller_reaches_alone(desk: Desk) -> None:
    assert desk.take("other") == "赵"
    assert desk.take("other") == "赵"
    desk.call("赵", "refused", "other")
    assert desk.take("other") is None


def test_siblings_in_two_schools_are_one_call(desk: Desk) -> None:
    assert desk.take() == "丁", "class by class"
    assert desk.call("丁", "reached") == []
    rows = Submission.objects.filter(household=desk.homes["丁"])
    assert {row.subject for row in rows} == {desk.people["丁一"], desk.people["丁二"]}
    assert {row.channel for row in rows} == {"phone"} and {row.by for row in rows} == {"caller"}
    assert len({row.envelope_id for row in rows}) == 1
    assert left(desk) == 3


def test_a_lease_runs_out_and_use_renews_it(desk: Desk) -> None:
    family = desk.take("caller")
    assert desk.take("second", moment=NOW + HOLDS / 2) != family
    actions.keep(
        calling=desk.calling, household=desk.homes[family], holder="caller", moment=NOW + HOLDS * 0.9
    )
    assert desk.take("caller", moment=NOW + HOLDS * 1.5) == family
    with pytest.raises(NotLeased):
        actions.keep(
            calling=desk.calling, household=desk.homes[family], holder="caller", moment=NOW + HOLDS * 3
        )


def test_whose_lease_ran_out_cannot_store_and_nothing_of_it_is(desk: Desk) -> None:
    family = desk.take()
    with pytest.raises(NotLeased):
        desk.call(family, "reached", now=NOW + HOLDS * 2)
    assert not Submission.objects.exists() and not Attempt.objects.exists()


def test_no_answer_is_tried_again_later_and_three_of_them_settle(desk: Desk) -> None:
    """As the figure of the rounds counts: three failed attempts need no outcome."""
    for n in range(3):
        now = at(12, 10 + n)
        assert desk.take("other", now=now) == "赵", n
        assert left(desk, "other") == 1
        desk.call("赵", "no_answer", "other", now=now)
        assert desk.take("other", now=now) is None, "not at once"
    assert left(desk, "other") == 0
    assert desk.take("other", now=at(12, 15)) is None
    sheets = Submission.objects.filter(subject_kind="household", subject=desk.homes["赵"])
    assert [row.answers for row in sheets] == [{"outcome": "no_answer"}] * 3


def test_a_promised_time_comes_first_when_it_has_come(desk: Desk) -> None:
    first = desk.take()
    desk.call(first, "again", again=at(12, 11), note="下夜班")
    assert desk.take() != first
    desk.call(desk.take(), "reached")
    assert desk.take(now=at(12, 11, 1)) == first
    assert not Submission.objects.filter(household=desk.homes[first]).exists(), "nothing was answered"


@pytest.mark.parametrize("when", [None, at(12, 9), at(12, 21)])
def test_again_wants_a_time_in_the_round(desk: Desk, when: object) -> None:
    family = desk.take()
    with pytest.raises(AgainWhen):
        desk.call(family, "again", again=when)
    with pytest.raises(UnknownOutcome):
        desk.call(family, "nonsense")


def test_who_was_tried_least_comes_first(desk: Desk) -> None:
    first = desk.take()
    desk.call(first, "no_answer")
    order = []
    for _n in range(4):
        family = desk.take(now=at(12, 12))
        order.append(family)
        desk.call(family, "refused", now=at(12, 12))
    assert order[-1] == first and len(set(order)) == 4


def test_asked_for_comes_first_also_where_it_has_answered(desk: Desk) -> None:
    desk.call(desk.take(), "reached")
    ask_for_call(household=desk.homes["丁"], reason="名单第3行：是否同住？", by="match", now=NOW)
    ask_for_call(phone=desk.phone(2), reason="名单第9行", by="match", now=NOW)
    again = ask_for_call(phone=desk.phone(2), reason="名单第9行", by="match", now=NOW)
    assert queries.standing(desk.calling, desk.reach("caller"), NOW).wanted == 2, "the same is asked once"
    assert again
    first = desk.take()
    assert first in ("丁", "李")
    assert desk.call(first, "reached") == []
    second = desk.take()
    assert {first, second} == {"丁", "李"}
    desk.call(second, "refused")
    assert desk.take() not in ("丁", "李")
    with pytest.raises(NobodyAtNumber):
        ask_for_call(phone="19999999999", reason="x", by="match", now=NOW)


def test_a_wrong_number_is_rung_no_more_until_it_is_mended(desk: Desk) -> None:
    assert desk.take("other") == "赵"
    desk.call("赵", "wrong_number", "other", person=desk.people["赵母"])
    assert desk.take("other", now=at(12, 12)) is None
    [row] = queries.unreachable(desk.calling, None, at(12, 12))
    assert (row.household, row.wrong) == (desk.homes["赵"], desk.people["赵母"])
    change_phone(person=desk.people["赵母"], phone="10000000999", by="teacher", now=at(12, 12))
    assert queries.unreachable(desk.calling, None, at(12, 12)) == []
    assert desk.take("other", now=at(12, 13)) == "赵"


def test_with_another_number_it_is_rung_there(desk: Desk) -> None:
    assert desk.take() == "丁"
    desk.call("丁", "wrong_number", person=desk.people["丁母"])
    day, position = NOW.date(), queries.head_position()
    [number] = queries.numbers([desk.homes["丁"]], day=day, position=position)[desk.homes["丁"]]
    assert number.persons == (desk.people["丁父"],)
    assert queries.unreachable(desk.calling, None, NOW) == []


def test_the_same_call_sent_twice_is_one(desk: Desk) -> None:
    family = desk.take()
    assert desk.call(family, "reached", key="k-1") == [] == desk.call(family, "reached", key="k-1")
    assert Attempt.objects.count() == 1 and Submission.objects.count() == 2


def test_answers_that_do_not_fit_store_nothing_and_keep_the_household(desk: Desk) -> None:
    family = desk.take()
    problems = desk.call(family, "reached", answers={desk.people["丁一"]: {"place": "hubei"}})
    assert [problem.code for _instance, problem in problems] == ["answers-against-form"]
    assert not Submission.objects.exists() and not Attempt.objects.exists()
    assert desk.take() == family


def test_handing_over_gives_back_and_tells_the_next(desk: Desk) -> None:
    family = desk.take()
    unit = desk.units["c1"]
    given = actions.hand_over(
        calling=desk.calling, holder="caller", unit=unit, note="二班还没打", now=NOW, moment=NOW
    )
    assert given == 1 and desk.take("second") == family
    told = queries.handed_over(desk.calling, desk.reach("second"), NOW)
    assert isinstance(told, HandOver) and told.note == "二班还没打"
    assert queries.handed_over(desk.calling, desk.reach("other"), NOW) is None


def test_who_has_left_is_called_no_more(desk: Desk) -> None:
    posts = Post.objects.filter(person=desk.people["赵五"]).values_list("pk", flat=True)
    assert left(desk, "other") == 1
    end_posts(posts=posts, day=NOW.date(), by="test", now=NOW)
    assert left(desk, "other") == 0 and desk.take("other") is None
