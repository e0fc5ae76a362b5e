"""Columns told by what stands in them, where their heading says nothing: ID numbers, phones, names, units."""

import re
from collections.abc import Callable, Mapping, Sequence

from fangxian.kernel.problems import Problem

from . import cells
from .cells import Setting
from .columns import Column
from .directory import Directory
from .text import Cell, as_text, is_nothing, person_name

NEARLY_ALL = 0.9
FEWEST = 3  # values, unless the whole column has fewer

# Surnames in use, the commonest first.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施"
    "文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单裴霍成苗涂谷曲盛"
    "冉翁蓝路游辛靳管柴蒙鲍华喻祁房滕饶解牟艾尤阳时穆农司古吉卓缪车简连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿"
    "桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原"
    "栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屈豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容"
    "敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居"
    "揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由"
)
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "令狐", "慕容", "夏侯", "司徒", "东方", "独孤")
_HAN_NAME = re.compile(rf"(?:[{_SURNAMES}]|{'|'.join(_COMPOUND)})[\u3400-\u9fff\U00020000-\U0003ffff]{{1,3}}")
_DOTTED = re.compile(r"[\u3400-\u9fff]+(?:·[\u3400-\u9fff]+)+")


def told_by_content(
    rows: Sequence[Sequence[Cell]],
    free: Mapping[int, str],
    wanted: Sequence[Column],
    setting: Setting,
    directory: Directory,
) -> dict[str, int]:
    """Field -> place, for the wanted columns that exactly one of the free places suits. `free`: place -> the
    heading that stands over it."""
    found: dict[str, int] = {}
    left = dict(free)
    for column in wanted:
        suits = _TESTS.get(column.field)
        if suits is None:
            continue
        fitting = [
            place
            for place in left
            if _nearly_all(rows, place, lambda cell, test=suits: test(cell, setting, directory))  # type: ignore[misc]
        ]
        if len(fitting) == 1:
            found[column.field] = fitting[0]
            del left[fitting[0]]
    return found


def _nearly_all(rows: Sequence[Sequence[Cell]], place: int, suits: Callable[[Cell], bool]) -> bool:
    filled = [row[place] for row in rows if place < len(row) and not is_nothing(row[place])]
    if len(filled) < min(FEWEST, len(rows)) or not filled:
        return False
    return sum(map(suits, filled)) >= NEARLY_ALL * len(filled)


Test = Callable[[Cell, Setting, Directory], bool]


def _reads(read: cells.Reader) -> Test:
    def suits(cell: Cell, setting: Setting, directory: Directory) -> bool:
        try:
            read(cell, setting)
        except Problem:
            return False
        return True

    return suits


def _is_name(cell: Cell, setting: Setting, directory: Directory) -> bool:
    text = person_name(as_text(cell)) if isinstance(cell, str) else ""
    return bool(_HAN_NAME.fullmatch(text) or _DOTTED.fullmatch(text))


def _is_unit(cell: Cell, setting: Setting, directory: Directory) -> bool:
    text = as_text(cell)
    return not text.isdecimal() and bool(directory.find(text))


_LISTED = re.compile(r"[1-9][0-9]{5}[0-9*]{8,11}[0-9X*]")


def _is_listed_number(cell: Cell, setting: Setting, directory: Directory) -> bool:
    """Whole and in order, or partly masked."""
    text = cells.digits_of(cell).upper()
    return _reads(cells.id_number)(cell, setting, directory) or (
        "*" in text and bool(_LISTED.fullmatch(text))
    )


# Days are not among them: a date may be of birth, of travel, of anything. Nor guardians: a second name is
# not safely one. In this order, as an ID number is surer than a phone and a phone than a name.
_TESTS: dict[str, Test] = {
    "id_number": _is_listed_number,
    "phone": _reads(cells.phone),
    "guardian_phone": _reads(cells.phone),
    "sex": _reads(cells.sex),
    "name": _is_name,
    "unit": _is_unit,
}
