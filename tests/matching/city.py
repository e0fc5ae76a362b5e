"""An invented city, its roster, and a list of it as careless offices write one; who is who is known.

Nobody in it exists: ID numbers begin with 99, which is given to no province, and phones with 100.
"""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fangxian.registry.id_numbers import check_digit

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢"
    "蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)  # fmt: skip
BOYS = "伟强磊军勇杰涛超明刚平辉鹏飞波斌宇浩轩睿博晨铭泽俊梓佳嘉航皓文志国建海龙东华峰林森阳天昊然"
GIRLS = "芳娜敏静丽艳娟霞秀英玲桂兰燕红梅婷雪琴欣怡涵梓萱雨诗琪佳嘉思悦雅菲彤颖蕊洁慧莉倩蓉晴瑶可馨语"
TOWNS = ["青石镇", "白沙乡", "红岩镇", "大桥街道", "马场镇", "龙泉街道", "竹园乡", "金鸡镇", "双塘镇"]
_VILLAGES = "上寨下寨石桥松林柳树河口老街新村大湾小箐长坡梨园茶山官庄张家"
VILLAGES = [_VILLAGES[place : place + 2] for place in range(0, len(_VILLAGES), 2)]


def _table(text: str) -> dict[str, str]:
    """伟玮炜 is: for 伟, one of 玮炜 is written."""
    return {word[0]: word[1:] for word in text.split()}


HOMOPHONES = _table(
    "伟玮炜 轩宣萱 佳嘉家 嘉佳家 欣心新馨 雨语宇羽 婷廷亭 梓子紫 涵函寒 诗施师 睿瑞锐 浩皓昊 静靖敬 丽莉力"
    " 志智致 明鸣铭 燕艳雁 红宏洪 洁杰捷 琪奇其 文雯纹"
)
DIALECT = _table("静进 英因 平贫 玲林 明民 峰分 强墙 娜拉 思施")
SHAPES = _table("洁浩 睛晴 晨震 博搏 铭洛 周同 轩斩 泽译")
TRADITIONAL = _table(
    "刘劉 陈陳 张張 杨楊 赵趙 吴吳 伟偉 强強 军軍 国國 华華 龙龍 东東 丽麗 艳艷 颖穎 语語 诗詩"
)


@dataclass(frozen=True)
class Mix:
    """How a list goes wrong; shares of rows."""

    ours: float = 0.35
    kin: float = 0.06
    again: float = 0.05
    no_id: float = 0.35
    masked: float = 0.2
    id_digit: float = 0.05
    old_id: float = 0.05
    no_phone: float = 0.25
    stale: float = 0.12
    phone_digit: float = 0.05
    no_birth: float = 0.5
    birth_part: float = 0.3
    birth_wrong: float = 0.08
    no_address: float = 0.35
    moved: float = 0.06
    town_only: float = 0.1
    name_wrong: float = 0.2
    no_sex: float = 0.4
    worse: dict[str, float] = field(default_factory=dict)  # source -> factor on mistakes


@dataclass(frozen=True)
class Person:
    uid: str
    name: str
    sex: str
    born: date
    number: str
    phone: str
    role: str
    town: str
    village: str
    group: int
    house: int

    @property
    def address(self) -> str:
        return f"云山省青石市{self.town}{self.village}村委会{self.group}组{self.house}号"


HEADINGS = ["uid", "name", "sex", "birth", "id_no", "phone", "role", "township", "address"]


class City:
    """A roster of `people`, and the kin and strangers who are not on it."""

    def __init__(self, seed: int, people: int) -> None:
        self.draw = random.Random(seed)
        self.roster: list[Person] = []
        self.kin: list[Person] = []
        while len(self.roster) < people:
            self._household()

    def _household(self) -> None:
        draw = self.draw
        home = (draw.choice(TOWNS), draw.choice(VILLAGES), draw.randint(1, 12), draw.randint(1, 180))
        surname = self._surname()
        phone = self._phone()
        listed = draw.random() < 0.3
        parent = self._person(surname, home, phone, "family" if listed else "", draw.randint(1970, 1990))
        (self.roster if listed else self.kin).append(parent)
        self.kin.append(self._person(self._surname(), home, phone, "", draw.randint(1945, 1992)))
        for _child in range(draw.choice([1, 1, 2, 2, 3])):
            self.roster.append(self._person(surname, home, phone, "student", draw.randint(2002, 2014)))
        if draw.random() < 0.06:
            self.roster.append(
                self._person(self._surname(), self._home(), self._phone(), "staff", draw.randint(1960, 1996))
            )

    def stranger(self) -> Person:
        year = self.draw.randint(1945, 2014)
        return self._person(self._surname(), self._home(), self._phone(), "", year)

    def _home(self) -> tuple[str, str, int, int]:
        draw = self.draw
        return draw.choice(TOWNS), draw.choice(VILLAGES), draw.randint(1, 12), draw.randint(1, 180)

    def _surname(self) -> str:
        return SURNAMES[min(int(self.draw.expovariate(1 / 18)), len(SURNAMES) - 1)]

    def _phone(self) -> str:
        return f"100{self.draw.randrange(10**8):08d}"

    def _person(
        self, surname: str, home: tuple[str, str, int, int], phone: str, role: str, year: int
    ) -> Person:
        draw = self.draw
        sex = draw.choice("男女")
        signs = BOYS if sex == "男" else GIRLS
        half = len(signs) // 2
        pool = signs[:half] if year < 1995 else signs[half // 2 :]
        given = "".join(draw.choice(pool) for _sign in range(2 if draw.random() < 0.8 else 1))
        born = date(year, 1, 1) + timedelta(days=draw.randrange(365))
        stem = f"99010{draw.choice('1112')}{born:%Y%m%d}{draw.randrange(500) * 2 + (sex == '男'):03d}"
        known = role != "family" or draw.random() < 0.6
        number = stem + check_digit(stem)
        return Person(
            f"R{len(self.roster):07d}" if role else "", surname + given, sex, born,
            number if known else "", phone if draw.random() < 0.97 else "", role, *home,
        )  # fmt: skip

    def rows(self) -> list[list[str]]:
        return [
            [p.uid, p.name, p.sex, p.born.isoformat(), p.number, p.phone, p.role, p.town, p.address]
            for p in self.roster
        ]

    def list(self, rows: int, mix: Mix) -> tuple[list[dict[str, str]], list[str]]:
        """Rows of the list, and for each the uid of the person, "" for nobody."""
        draw = self.draw
        listed: list[dict[str, str]] = []
        truth: list[str] = []
        sources = ["车站", "派出所", "村委会"]
        on_list: list[Person] = []
        while len(listed) < rows:
            chance = draw.random()
            if on_list and chance < mix.again:
                person = draw.choice(on_list)
            elif chance < mix.again + mix.kin:
                person = draw.choice(self.kin)
            elif chance < mix.again + mix.kin + mix.ours:
                person = draw.choice(self.roster)
            else:
                person = self.stranger()
            on_list.append(person)
            source = draw.choice(sources)
            listed.append(self._written(person, source, mix))
            truth.append(person.uid if person.role else "")
        return listed, truth

    def _written(self, person: Person, source: str, mix: Mix) -> dict[str, str]:
        draw, bad = self.draw, mix.worse.get(source, 1.0)

        def happens(share: float) -> bool:
            return draw.random() < share * bad

        moved = replace(person, town=draw.choice(TOWNS), village=draw.choice(VILLAGES))
        at = moved if happens(mix.moved) else person
        return {
            "来源": source,
            "姓名": self._wrong_name(person.name) if happens(mix.name_wrong) else person.name,
            "性别": "" if draw.random() < mix.no_sex else person.sex,
            "证件号码": self._written_id(person.number, mix, bad),
            "手机": self._written_phone(person.phone, mix, bad),
            "出生年月": self._written_birth(person.born, mix, bad),
            "现住址": self._written_address(at, mix),
        }

    def _written_id(self, number: str, mix: Mix, bad: float) -> str:
        draw = self.draw
        if not number or draw.random() < mix.no_id:
            return ""
        if draw.random() < mix.id_digit * bad:
            number = one_wrong(number, draw, last=17)
        if draw.random() < mix.masked:
            head, tail = draw.choice([(6, 4), (14, 0), (10, 4), (1, 2)])
            return number[:head] + "*" * (18 - head - tail) + number[18 - tail :]
        if draw.random() < mix.old_id and number[6:8] == "19":
            return number[:6] + number[8:17]
        return draw.choice(
            [number, number, number, f"'{number}", f"{number[:6]} {number[6:14]} {number[14:]}"]
        )

    def _written_phone(self, phone: str, mix: Mix, bad: float) -> str:
        draw = self.draw
        if not phone or draw.random() < mix.no_phone:
            return ""
        if draw.random() < mix.stale * bad:
            phone = self._phone()
        elif draw.random() < mix.phone_digit * bad:
            phone = one_wrong(phone, draw)
        return draw.choice(
            [phone, phone, f"+86{phone}", f"{phone[:3]}-{phone[3:7]}-{phone[7:]}", f"{phone}.0"]
        )

    def _written_birth(self, born: date, mix: Mix, bad: float) -> str:
        draw = self.draw
        if draw.random() < mix.no_birth:
            return ""
        if draw.random() < mix.birth_wrong * bad:
            born = draw.choice(
                [born + timedelta(days=30), born.replace(year=born.year + 1, day=min(born.day, 28))]
            )
            if born.day <= 12 and draw.random() < 0.5:
                born = born.replace(month=born.day, day=min(born.month, 28))
        if draw.random() < mix.birth_part:
            return draw.choice([f"{born:%Y}", f"{born.year}年{born.month}月", f"{born:%Y-%m}"])
        return draw.choice([born.isoformat(), f"{born:%Y%m%d}", f"{born.year}年{born.month}月{born.day}日"])

    def _written_address(self, person: Person, mix: Mix) -> str:
        draw = self.draw
        if draw.random() < mix.no_address:
            return ""
        town = draw.choice([person.town, person.town.rstrip("镇乡"), f"青石市{person.town}"])
        if draw.random() < mix.town_only:
            return town
        village = person.village + draw.choice(["村", "村委会", "村民委员会", "社区", ""])
        group = draw.choice(["", f"{person.group}组", f"第{person.group}村民小组"])
        return town + village + group + draw.choice(["", f"{person.house}号" if group else ""])

    def _wrong_name(self, name: str) -> str:
        draw = self.draw
        kind = draw.choice(
            ["homophone", "homophone", "dialect", "shape", "traditional", "swap", "nick", "letters"]
        )
        if kind == "letters":
            from pypinyin import lazy_pinyin

            sounds = lazy_pinyin(name)
            return draw.choice(
                [" ".join(sounds), "".join(sounds).upper(), f"{sounds[0]}/{''.join(sounds[1:])}"]
            )
        if kind == "nick":
            return draw.choice(["小", "阿"]) + name[-1]
        if kind == "swap":
            return name[0] + name[:0:-1] if len(name) == 3 else f"{name[0]} {name[1:]}"
        table: dict[str, Any] = {
            "homophone": HOMOPHONES, "dialect": DIALECT, "shape": SHAPES, "traditional": TRADITIONAL,
        }[kind]  # fmt: skip
        places = [i for i, sign in enumerate(name) if sign in table]
        if not places:
            return f"{name[0]}·{name[1:]}"
        place = draw.choice(places)
        return name[:place] + draw.choice(table[name[place]]) + name[place + 1 :]


def one_wrong(number: str, draw: random.Random, last: int | None = None) -> str:
    """A digit mistyped, or two swapped."""
    place = draw.randrange(3, (last or len(number)) - 1)
    if draw.random() < 0.3 and number[place] != number[place + 1]:
        return number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    return number[:place] + str((int(number[place]) + draw.randint(1, 9)) % 10) + number[place + 1 :]


def write(
    path: Path, headings: Sequence[str], rows: Sequence[Sequence[str]], encoding: str = "utf-8"
) -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def write_roster(folder: Path, city: City) -> Path:
    return write(folder / "roster.csv", HEADINGS, city.rows())


def write_list(folder: Path, rows: Sequence[dict[str, str]], name: str = "list.csv") -> Path:
    return write(folder / name, list(rows[0]), [list(row.values()) for row in rows])


def write_truth(folder: Path, truth: Sequence[str]) -> Path:
    return write(folder / "truth.csv", ["row", "uid"], [[str(i + 1), uid] for i, uid in enumerate(truth)])
