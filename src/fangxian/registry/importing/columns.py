"""The templates: which columns each kind of roster has, what they are called elsewhere, what they take.

Headings are Chinese in every language: they are the format of the file, as offices exchange it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from . import cells


@dataclass(frozen=True, slots=True)
class Column:
    """`heading` is the template's; `also` are other names of it, parted by blanks. A required column must
    stand in the file, and its cells must be filled. `width` is in characters."""

    field: str
    heading: str
    read: cells.Reader
    also: str = ""
    required: bool = False
    note: Any = ""
    width: int = 14

    @property
    def names(self) -> list[str]:
        return [self.heading, *self.also.split()]


_ID = (
    "身份证 身份证号码 身份证件号 身份证件号码 居民身份证号 居民身份证号码 公民身份号码 公民身份证号"
    " 证件号 证件号码 本人身份证号 idnumber idno"
)
_PHONE = "手机 手机号码 移动电话 联系电话 联系方式 电话 电话号码 本人手机号 联系手机 phone mobile"
_SEX = Column("sex", "性别", cells.sex, "sex gender", True, _("男 or 女."), 6)
_ID_NOTE = _("18 characters. Keep the column formatted as text, or Excel rounds the number.")

_SPAN = (
    Column(
        "since",
        "起始日期",
        cells.day,
        "开始日期 任职日期 入职日期 到岗日期 入学日期 成立日期 since",
        note=_("The first day, like 2020-02-12; where blank, the day of the import."),
    ),
    Column(
        "until",
        "终止日期",
        cells.day,
        "结束日期 截止日期 离职日期 离校日期 撤销日期 until",
        note=_("The first day on which it no longer holds; mostly blank."),
    ),
)

STAFF = (
    Column("name", "姓名", cells.name, "教师姓名 教职工姓名 职工姓名 人员姓名 名字 name", True),
    _SEX,
    Column("id_number", "身份证号", cells.id_number, _ID, True, _ID_NOTE, 22),
    Column("phone", "手机号", cells.phone, _PHONE, True, _("11 digits.")),
    Column(
        "unit",
        "单位",
        cells.short,
        "单位名称 学校 学校名称 所在单位 所在学校 工作单位 任职单位 任教学校 unit school",
        True,
        _("Name or code of a unit that the registry has."),
        24,
    ),
    Column(
        "post",
        "岗位",
        cells.short,
        "岗位名称 工作岗位 职务 职位 任职岗位 post position",
        True,
        _("For example 语文教师. 校长 makes the head; 校长、第一责任人 the first responsible person too."),
        24,
    ),
    *_SPAN,
)

PUPILS = (
    Column("name", "姓名", cells.name, "学生姓名 儿童姓名 名字 name", True),
    _SEX,
    Column(
        "id_number", "身份证号", cells.id_number, f"学生身份证号 学生身份证号码 {_ID}", True, _ID_NOTE, 22
    ),
    Column(
        "unit",
        "单位",
        cells.short,
        "学校 学校名称 单位名称 所在学校 就读学校 school unit",
        True,
        _("Name or code of a school that the registry has."),
        24,
    ),
    Column(
        "class",
        "班级",
        cells.short,
        "班 班级名称 所在班级 年级班级 class",
        True,
        _("Name or code of a class of this school."),
    ),
    Column("guardian", "监护人", cells.name, "监护人姓名 家长 家长姓名 父母姓名 guardian"),
    Column(
        "guardian_phone",
        "监护人手机号",
        cells.phone,
        "监护人手机 监护人电话 监护人联系电话 监护人手机号码 监护人联系方式 家长手机 家长手机号 家长电话"
        f" 家长联系电话 {_PHONE}",
        note=_("11 digits. Pupils whose guardian has the same name and phone are one household."),
    ),
    Column(
        "relation",
        "关系",
        cells.short,
        "与学生关系 监护人关系 与监护人关系 监护人与学生关系 relation",
        note=_("What the guardian is to the pupil: 母亲, 父亲, 爷爷 …"),
    ),
    *_SPAN,
)

UNITS = (
    Column("name", "单位名称", cells.short, "名称 单位 学校名称 name", True, width=24),
    Column(
        "kind",
        "类别",
        cells.kind,
        "类型 单位类别 单位类型 kind",
        True,
        _("For example 中心学校, 小学, 初级中学, 教学点, 幼儿园, 班级, 党支部, 少先队大队."),
    ),
    Column(
        "parent",
        "上级单位",
        cells.plain,
        "上级 上级单位名称 主管单位 隶属单位 隶属 parent",
        note=_("Name or code of a unit in the registry or in this file; where names repeat, 学校/班级."),
        width=24,
    ),
    Column(
        "code",
        "代码",
        cells.code,
        "单位代码 学校代码 学校标识码 编码 code",
        note=_("Optional: a code is made up where there is none."),
    ),
    Column(
        "stage", "学段", cells.stage, "办学类型 办学学段 stage", note=_("Where the kind does not say it.")
    ),
    Column("zone", "战区", cells.plain, "所属战区 责任战区 zone", note=_("The zone that covers this unit.")),
    Column(
        "host",
        "依托单位",
        cells.plain,
        "所在单位 host",
        note=_("The school or office that hosts a unit of the Party, the League or the Pioneers."),
    ),
    Column(
        "areas",
        "重点部位",
        cells.areas,
        "重点部位场所 重点场所",
        note=_("Key areas that the school has: 教室、食堂、厕所、宿舍、校门."),
        width=24,
    ),
    Column(
        "no_areas",
        "无此部位",
        cells.areas,
        "没有的部位",
        note=_("Key areas that the school declares it has none of."),
    ),
    Column(
        "responsible",
        "第一责任人身份证号",
        cells.id_number,
        "第一责任人身份证 第一责任人身份证号码",
        note=_("Somebody whom the registry has; staff may be imported later and say it then."),
        width=22,
    ),
    *_SPAN,
)

LIST = (
    Column("name", "姓名", cells.listed_name, "名字 乘客姓名 旅客姓名 人员姓名 name"),
    Column("sex", "性别", cells.sex, "sex gender", width=6),
    Column("id_number", "身份证号", cells.listed_id_number, _ID, note=_("May be masked with *."), width=22),
    Column("phone", "手机号", cells.listed_phone, _PHONE),
    Column("birth", "出生日期", cells.listed_birth, "出生年月日 出生年月 生日 birthdate"),
    Column("town", "乡镇", cells.plain, "乡镇街道 镇街 所属乡镇 township town"),
    Column("address", "住址", cells.plain, "地址 家庭住址 现住址 居住地 户籍地址 address", width=30),
    Column("unit", "单位", cells.plain, "工作单位 学校 单位名称 就读学校 unit", width=24),
    Column(
        "travelled",
        "行程日期",
        cells.plain,
        "返回日期 返回时间 返乡日期 返乡时间 到达日期 到达时间 抵达日期 抵达时间 乘车日期 乘机日期 出发日期",
    ),
    Column("note", "备注", cells.plain, "说明 note remark", width=24),
)

TEMPLATES: dict[str, Sequence[Column]] = {"staff": STAFF, "pupils": PUPILS, "units": UNITS, "list": LIST}
UNREMARKED = ("序号", "编号", "行号", "备注", "no", "number")  # left aside without a word
