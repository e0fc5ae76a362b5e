"""Names as they are heard and seen: simplified characters, syllables, blurs, shapes, nicknames."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

_ASIDE = re.compile(r"[(（\[【].*?[)）\]】]")
_TITLE = re.compile(r"(?<=..)(?:先生|女士|小姐|同学|老师)$")
_NO_HAN = re.compile(r"[^\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏǍ-ǜ]+")

# Readings of surnames that differ from the character's common one.
_SURNAMES = {
    "曾": "zeng", "单": "shan", "仇": "qiu", "解": "xie", "查": "zha", "朴": "piao", "任": "ren", "盖": "ge",
    "区": "ou", "冼": "xian", "乐": "yue", "覃": "qin", "缪": "miao", "翟": "zhai", "召": "shao", "员": "yun",
    "黑": "he", "种": "chong", "秘": "bi", "繁": "po", "宓": "mi", "纪": "ji", "令": "ling", "华": "hua",
}  # fmt: skip
_DOUBLE = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "令狐",
        "慕容",
        "宇文",
        "长孙",
        "夏侯",
        "司徒",
    ]
    + ["轩辕", "端木", "百里", "南宫", "独孤", "澹台", "赫连"]
)

# What dialects of Mandarin and hurried typists do not tell apart.
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("hu", "f"), ("h", "f"), ("n", "l"), ("r", "l"))
_FINALS = (("iang", "ian"), ("uang", "uan"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("ong", "on"))


@cache
def blurred(syllable: str) -> str:
    """zhang and zan, ning and lin, hui and fei are one."""
    for sound, plain in _INITIALS:
        if syllable.startswith(sound) and (sound != "hu" or syllable in _HU):
            syllable = plain + syllable[len(sound) :]
            break
    for sound, plain in _FINALS:
        if syllable.endswith(sound):
            return syllable[: -len(sound)] + plain
    return _HU_FINALS.get(syllable, syllable)


_HU = frozenset(["hu", "hua", "huai", "huan", "huang", "hui", "hun", "huo"])
_HU_FINALS = {"fi": "fei", "f": "fu"}


@cache
def _reading(sign: str) -> str:
    from pypinyin import lazy_pinyin

    return lazy_pinyin(sign, errors="ignore", v_to_u=False)[0] if lazy_pinyin(sign, errors="ignore") else sign


@cache
def _shape(sign: str) -> str:
    """Its four-corner code: signs that share it look alike."""
    found = _corners().get(sign)
    return found[:4] if found else f"{ord(sign) % 10_000:04d}"


@cache
def _corners() -> dict[str, str]:
    from four_corner_method import FourCornerMethod

    data: dict[str, str] = FourCornerMethod().data
    return data


@dataclass(frozen=True, slots=True)
class Name:
    """`signs` are simplified characters, "" for a name in letters; `sounds` its syllables, surname first."""

    signs: str
    sounds: tuple[str, ...]
    surname: int  # how many signs the surname has
    latin: bool = False
    nick: str = ""  # the one sign that a nickname keeps

    @property
    def pinyin(self) -> str:
        return " ".join(self.sounds)

    @property
    def blur(self) -> tuple[str, ...]:
        return tuple(map(blurred, self.sounds))

    @property
    def shape(self) -> str:
        return "".join(map(_shape, self.signs))


def simplify(texts: Sequence[str]) -> list[str]:
    """Traditional and variant characters as simplified ones."""
    from opencc import OpenCC

    return OpenCC("t2s").convert("\n".join(texts)).split("\n") if texts else []


_VARIANTS = str.maketrans("昇陞堃喆淼犇珺彣迺劼頔瑢峯羣", "升升坤哲淼犇珺文乃劼迪蓉峰群")


class Names:
    """Reads names; knows the syllables of a roster, so that LIXIAOMING falls apart in the right places."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}
        self._syllables: set[str] = set()
        self._surnames: set[str] = set()

    def read(self, texts: Iterable[str]) -> dict[str, Name | None]:
        """Each distinct text's name. None where there is none."""
        raw = list(texts)
        bare = [_ASIDE.sub("", text).replace("\n", " ").strip() for text in raw]
        plain = simplify(bare)
        return {text: self._one(each.translate(_VARIANTS)) for text, each in zip(raw, plain, strict=True)}

    def learn(self, names: Iterable[Name | None]) -> None:
        """Syllables and whole names that letters are held against."""
        for name in names:
            if name is None or name.latin:
                continue
            sounds = name.sounds
            self._syllables.update(sounds)
            self._surnames.add("".join(sounds[: name.surname]))
            self._known.setdefault("".join(sounds), sounds)
            self._known.setdefault("".join(sounds[name.surname :] + sounds[: name.surname]), sounds)

    def _one(self, text: str) -> Name | None:
        signs = _TITLE.sub("", _NO_HAN.sub("", text))
        if not signs:
            return self._letters(text)
        surname = 2 if len(signs) > 2 and signs[:2] in _DOUBLE else 1
        sounds = [_reading(sign) for sign in signs]
        if surname == 1:
            sounds[0] = _SURNAMES.get(signs[0], sounds[0])
        return Name(signs, tuple(sounds), surname, nick=_nick_of(signs))

    def _letters(self, text: str) -> Name | None:
        words = [_plain(word) for word in _LATIN.findall(text)]
        if not words:
            return None
        sounds = self._known.get("".join(words)) or self._parted(words)
        return Name("", sounds, 1, latin=True) if sounds else None

    def _parted(self, words: list[str]) -> tuple[str, ...]:
        parts = [self._syllables_of(word) for word in words]
        given_first = len(parts) == 2 and len(parts[0]) > 1 and len(parts[1]) == 1
        if given_first and words[1] in self._surnames:
            parts.reverse()
        return tuple(sound for part in parts for sound in part)

    def _syllables_of(self, word: str) -> tuple[str, ...]:
        """The fewest syllables that make up the word."""
        best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - 6), end):
                before = best[start]
                if before is not None and word[start:end] in self._syllables:
                    now = best[end]
                    if now is None or len(before) + 1 < len(now):
                        best[end] = (*before, word[start:end])
        return best[len(word)] or (word,)


def _plain(word: str) -> str:
    """Without marks of tones: Lǐ is li, lü is lv."""
    import unicodedata

    word = word.casefold().replace("ü", "v")
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))


_AFFIX = re.compile(r"(?:小|阿|老|大)(.)|(.)(?:哥|姐|仔|妹|儿|叔|嫂|婶)")


def _nick_of(signs: str) -> str:
    """小明, 阿明 and 明 keep 明; 明明 and 张明明 too."""
    if len(signs) == 1:
        return signs
    found = _AFFIX.fullmatch(signs)
    if found:
        return found[1] or found[2]
    if len(signs) in (2, 3) and signs[-1] == signs[-2]:
        return signs[-1]
    return ""
