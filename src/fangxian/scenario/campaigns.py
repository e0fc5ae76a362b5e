"""The campaigns of the scenario, as data: whom each asks, when, with which notice."""

from dataclasses import dataclass
from typing import Any

from fangxian.registry.kinds import SCHOOLS

from . import texts
from .clockwork import at, moment


@dataclass(frozen=True, slots=True)
class Launch:
    """`opens` in minutes of the replay; `audience` and `schedule` as a campaign declares them."""

    code: str
    name: str
    name_en: str
    opens: int
    audience: list[dict[str, Any]]
    schedule: dict[str, Any]
    text: str = ""


ONCE, ROUNDS, DAILY = {"kind": "once"}, {"kind": "rounds"}, {"kind": "daily"}


def _due(month: int, day: int, hour: int = 18) -> dict[str, Any]:
    """Asked once, and due by then; what comes later is late."""
    return {**ONCE, "due": moment(at(month, day, hour)).isoformat()}


CLOCK_DAILY = at(2, 10, 7)


def _persons(*roles: str, **more: Any) -> dict[str, Any]:
    return {"key": "members", "kind": "persons", "role": list(roles), **more}


def _units(*kinds: str, key: str = "units") -> dict[str, Any]:
    return {"key": key, "kind": "units", "unit_kind": list(kinds)}


def _voluntary(schedule: dict[str, Any]) -> dict[str, Any]:
    return {**schedule, "voluntary": True}


def launches(organs: str) -> list[Launch]:
    """All campaigns, in the order in which they open. `organs`: the code of the Party general branch under
    which the bureau's offices have their branches."""
    office_members = _persons("party_member", unit_kind=["party_branch"], under=organs)
    schools = _units(*SCHOOLS, key="schools")
    return [
        Launch("screening", "精准排查", "Screening", at(1, 24, 7),
               [{"key": "households", "kind": "households", "role": ["pupil", "staff"]}], ROUNDS, texts.SCREENING),
        Launch("knowledge", "疫情防控知识和防控要求宣传", "Spreading knowledge", at(1, 24, 7), [schools], _due(2, 5)),
        Launch("five-duties", "学校防控工作“五项职责”", "Five duties of schools", at(1, 25, 8), [schools], _due(2, 11)),
        Launch("supervision", "督促检查", "Supervision visits", at(1, 25, 8), [schools], _voluntary(DAILY)),
        Launch("training-institutions", "校外教育培训机构检查", "Inspection of training institutions",
               at(1, 26, 8), [_units("institution", key="institutions")], ROUNDS),
        Launch("supplies", "防疫物资发放", "Delivery of supplies", at(1, 27, 8),
               [_units("party_general_branch", key="organisations")], _voluntary(DAILY)),
        Launch("difficulties", "帮助研究解决困难和问题", "Difficulties of schools", at(1, 28, 8), [schools],
               _voluntary(ONCE)),
        Launch("disinfection", "重点部位、重点场所消毒杀菌", "Disinfection of key areas", at(1, 28, 8),
               [_units("key_area", key="areas")], {**DAILY, "within_days": 7}),
        Launch("pledge", "疫情防控承诺书", "Pledge", at(1, 29, 8), [office_members], _due(2, 5), texts.PLEDGE),
        Launch("double-five", "“双五”行动", "Double Five", at(1, 30, 8),
               [_units("party_branch", key="branches"), _persons("party_member")], _due(2, 10), texts.DOUBLE_FIVE),
        Launch("hygiene", "爱国卫生运动", "Hygiene campaign", at(1, 31, 8), [_units("school", key="schools")],
               _due(2, 10)),
        Launch("care", "关心关爱师生", "Care for pupils and staff", at(1, 31, 8), [_persons("pupil", "staff")],
               _voluntary(ONCE)),
        Launch("sports-venues", "体育场馆抽查", "Checks of sports venues", at(2, 1, 7),
               [_units("venue", key="venues")], ROUNDS),
        Launch("youth-commandos", "疫情防控青年突击队", "Youth commandos", at(2, 1, 8),
               [_persons("youth_commando")], _due(2, 14)),
        Launch("initiative", "《居家防疫小手拉大手》倡议书", "Home quarantine initiative", at(2, 2, 8),
               [_units("brigade", key="brigades")], _due(2, 12), texts.INITIATIVE),
        Launch("small-hands", "小手拉大手 共同抗疫情", "Small hands, big hands", at(2, 3, 8),
               [_units("brigade", key="brigades"), _units("squadron", key="squadrons"), _persons("pioneer")],
               _due(2, 14), texts.SMALL_HANDS),
        Launch("ten-ones", "“十个一”活动", "Ten Ones", at(2, 3, 8), [_persons("pupil")], _due(2, 14), texts.TEN_ONES),
        Launch("class-exchange", "“疫情防控进我家”班级交流评比", "Class exchange", at(2, 4, 8),
               [_units("class", key="classes")], _voluntary(ONCE)),
        Launch("essay", "“疫情防控我参与”师生征文", "Essays", at(2, 4, 8), [_persons("pupil", "staff")],
               _voluntary(ONCE)),
        Launch("handwritten-newspaper", "手抄报比赛", "Handwritten newspapers", at(2, 4, 8), [_persons("pupil")],
               _voluntary(ONCE)),
        Launch("oath", "主题党日宣誓", "Oath", at(2, 10, 7), [office_members], _due(2, 11), texts.OATH),
        Launch("learning-at-home", "离校不离教、停课不停学", "Learning at home", CLOCK_DAILY,
               [_units("class", key="classes")], {**DAILY, "due": "17:00"}),
    ]  # fmt: skip
