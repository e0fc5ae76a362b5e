"""The kinds of units, roles, key areas and relations, with their names: data, not code paths."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    line: str
    zh: str
    en: str


UNIT_KINDS: dict[str, Kind] = {
    "bureau": Kind("administrative", "教育体育局", "Education bureau"),
    "office": Kind("administrative", "局机关科室", "Bureau office"),
    "centre": Kind("administrative", "中心学校", "Township centre school"),
    "school": Kind("administrative", "中小学校", "Primary or secondary school"),
    "teaching_point": Kind("administrative", "教学点", "Teaching point"),
    "kindergarten": Kind("administrative", "幼儿园", "Kindergarten"),
    "class": Kind("administrative", "班级", "Class"),
    "key_area": Kind("administrative", "重点部位", "Key area"),
    "institution": Kind("administrative", "校外培训机构", "Training institution"),
    "venue": Kind("administrative", "体育场馆", "Sports venue"),
    "party_committee": Kind("party", "局党委", "Party committee of the bureau"),
    "party_general_branch": Kind("party", "党总支", "Party general branch"),
    "party_branch": Kind("party", "党支部", "Party branch"),
    "league_committee": Kind("league", "局团委", "League committee"),
    "league_general_branch": Kind("league", "团总支", "League general branch"),
    "league_branch": Kind("league", "团支部", "League branch"),
    "pioneers_committee": Kind("pioneers", "少工委", "Pioneers' committee"),
    "brigade": Kind("pioneers", "少先队大队", "Pioneer brigade"),
    "squadron": Kind("pioneers", "少先队中队", "Pioneer squadron"),
    "headquarters": Kind("response", "疫情防控指挥部", "Response headquarters"),
    "zone": Kind("response", "战区", "Zone"),
    "temporary_branch": Kind("response", "临时党支部", "Temporary Party branch"),
    "commando_team": Kind("response", "党员突击队", "Commando team"),
}

SCHOOLS = ("school", "teaching_point")  # 中小学校 and their teaching points; what "schools" means in figures
ZONED = ("school", "teaching_point", "kindergarten", "office")  # each lies in exactly one zone

ROLES: dict[str, tuple[str, str]] = {
    "pupil": ("学生", "Pupil"),
    "staff": ("教职工", "Staff"),
    "head": ("校长", "Head"),
    "first_responsible": ("第一责任人", "First responsible person"),
    "class_teacher": ("班主任", "Class teacher"),
    "party_member": ("党员", "Party member"),
    "secretary": ("书记", "Secretary"),
    "league_member": ("共青团员", "League member"),
    "pioneer": ("少先队员", "Young Pioneer"),
    "commando": ("突击队员", "Commando"),
    "inspector": ("督查员", "Inspector"),
    "leader": ("局领导", "Bureau leader"),
    "youth_commando": ("青年突击队员", "Youth commando"),
}

KEY_AREAS: dict[str, tuple[str, str]] = {
    "classrooms": ("教室", "Classrooms"),
    "canteen": ("食堂", "Canteen"),
    "toilets": ("厕所", "Toilets"),
    "dormitory": ("宿舍", "Dormitory"),
    "entrance": ("校门", "Entrance"),
}

STAGES: dict[str, tuple[str, str]] = {
    "primary": ("小学", "Primary"),
    "junior": ("初级中学", "Junior middle"),
    "senior": ("高级中学", "Senior middle"),
    "nine_year": ("九年一贯制", "Nine-year"),
    "complete": ("完全中学", "Complete middle"),
    "vocational": ("职业学校", "Vocational"),
}

RELATIONS: dict[str, tuple[str, str]] = {
    "child": ("子女", "Child"),
    "parent": ("父母", "Parent"),
    "grandparent": ("祖父母", "Grandparent"),
    "grown_child": ("成年子女", "Grown child"),
    "spouse": ("配偶", "Spouse"),
    "self": ("本人", "Self"),
    "other": ("其他", "Other"),
}
