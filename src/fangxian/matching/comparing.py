"""What Splink compares, as levels of agreement from the strongest down, and which pairs it compares at all.

A comparison is null where a side does not give it, so that each level's share is among pairs that do: a list
that never writes the group of a village is not held to disagree about it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Level:
    """`m` is where training starts from. `worth` names a frequency of the roster that stands for `u`."""

    name: str
    sql: str
    m: float
    worth: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first level is the strongest; the last takes what is left. Splink counts them from the last, 0."""

    name: str
    null: str
    levels: Sequence[Level]

    def level(self, gamma: int) -> Level:
        return self.levels[len(self.levels) - 1 - gamma]

    def gamma(self, level: str) -> int:
        names = [each.name for each in self.levels]
        return len(names) - 1 - names.index(level)


def _l(sql: str) -> str:
    """`=name` is: equal on both sides."""
    return f"{sql[1:]}_l = {sql[1:]}_r" if sql.startswith("=") else sql


_SAME_LENGTH = "length(shape_l) = length(shape_r)"
_GIVEN = "(n2_l = n2_r and n3_l = n3_r)"
_ONE_OFF = (
    "(b1_l = b1_r and (b2_l = b2_r or b3_l = b3_r or (b_last_l = b_last_r and width_l != width_r)))"
    " or (n2_l = n2_r and n3_l = n3_r) or (b2_l = b2_r and b3_l = b3_r)"
)
_NICK = "nick_l is not null and (nick_l = n2_r or nick_l = n3_r or nick_l = n1_r or nick_l = n_last_r)"
_CALLED = f"{_NICK} or nm_l = given_r"

NAME = Comparison(
    "name",
    "b1_l is null or b1_r is null or letters_l is not null",
    (
        Level("equal", "=nm", 0.85, "nm"),
        Level("sound", "=py", 0.05, "py"),
        Level("order", "=sorted_nm", 0.01, "sorted_nm"),
        Level("blur", "=bl", 0.02, "bl"),
        Level("shape", f"{_SAME_LENGTH} and hamming(shape_l, shape_r) <= 1", 0.02),
        Level("nickname", _CALLED, 0.02),
        Level("one off", _ONE_OFF, 0.02),
        Level("surname", "=b1", 0.005, "b1"),
        Level("different", "ELSE", 0.005),
    ),
)
LETTERS = Comparison(
    "letters",
    "b1_l is null or b1_r is null or letters_l is null",
    (
        Level("sound", "=py", 0.9, "py"),
        Level("order", "=sorted_py", 0.04, "sorted_py"),
        Level("blur", "=sorted_bl", 0.03, "sorted_bl"),
        Level("one off", f"({_ONE_OFF})", 0.01),
        Level("surname", "=b1", 0.01, "b1"),
        Level("different", "ELSE", 0.01),
    ),
)
ID = Comparison(
    "id",
    "id17_l is null or id17_r is null",
    (
        Level("equal", "=id17", 0.93, "number"),
        Level(
            "near",
            "(id_region_l = id_region_r or id_birth_l = id_birth_r or id_serial_l = id_serial_r)"
            " and damerau_levenshtein(id_no_l, id_no_r) <= 1",
            0.06,
            "near_number",
        ),
        Level("birth", "=id_birth", 0.003, "born"),
        Level("different", "ELSE", 0.007),
    ),
)
_SEEN = "starts_with(id_no_r, coalesce(id_head_l, '')) and ends_with(id_no_r, coalesce(id_tail_l, ''))"
_SEEN_OF_R = (
    "left(id_no_r, length(coalesce(id_head_l, ''))) || right(id_no_r, length(coalesce(id_tail_l, '')))"
)
_NEARLY = f"hamming(coalesce(id_head_l, '') || coalesce(id_tail_l, ''), {_SEEN_OF_R}) <= 1"
MASKED = Comparison(
    "masked",
    "(id_head_l is null and id_tail_l is null) or id17_l is not null or id17_r is null",
    (
        Level("agrees", _SEEN, 0.95, "seen"),
        Level("near", _NEARLY, 0.03),
        Level("different", "ELSE", 0.02),
    ),
)
PHONE = Comparison(
    "phone",
    "phone_l is null or phone_r is null",
    (
        Level("equal", "=phone", 0.8, "phone"),
        Level(
            "near",
            "length(phone_text_l) between 10 and 12 and damerau_levenshtein(phone_text_l, phone_text_r) <= 1",
            0.05,
        ),
        Level("different", "ELSE", 0.15),
    ),
)
# The birth date of a whole ID number is compared with the number.
_ID_TELLS = "(id17_l is not null and id17_r is not null) or length(id_head_l) >= 10 and id17_r is not null"
_MONTH_DAY_L, _MONTH_DAY_R = "born_l % 10000", "born_r % 10000"
BORN = Comparison(
    "born",
    f"born_l is null or born_r is null or {_ID_TELLS}",
    (
        Level("equal", "=born", 0.9, "born"),
        Level(
            "swapped",
            "born_year_l = born_year_r and born_l % 100 = (born_r // 100) % 100"
            " and born_r % 100 = (born_l // 100) % 100",
            0.03,
        ),
        Level(
            "one part",
            f"{_MONTH_DAY_L} = {_MONTH_DAY_R} or born_month_l = born_month_r"
            " or (born_year_l = born_year_r and born_l % 100 = born_r % 100)",
            0.05,
        ),
        Level("different", "ELSE", 0.02),
    ),
)
BORN_MONTH = Comparison(
    "born_month",
    f"born_l is not null or born_month_l is null or born_month_r is null or {_ID_TELLS}",
    (
        Level("equal", "=born_month", 0.95, "born_month"),
        Level("year", "=born_year", 0.03, "born_year"),
        Level("different", "ELSE", 0.02),
    ),
)
BORN_YEAR = Comparison(
    "born_year",
    f"born_month_l is not null or born_year_l is null or born_year_r is null or {_ID_TELLS}",
    (
        Level("equal", "=born_year", 0.96, "born_year"),
        Level("different", "ELSE", 0.04),
    ),
)
SEX = Comparison(
    "sex",
    "sex_l is null or sex_r is null or (id17_l is not null and id17_r is not null)",
    (Level("equal", "=sex", 0.98), Level("different", "ELSE", 0.02)),
)
AREA = Comparison(
    "area",
    "town_l is null or town_r is null or village_l is null or village_r is null",
    (
        Level("village", "village_l > 0 and village_l = village_r", 0.8, "village"),
        Level("town", "=town", 0.08, "town"),
        Level("different", "ELSE", 0.12),
    ),
)
TOWN = Comparison(
    "town",
    "town_l is null or town_r is null or village_l is not null",
    (Level("equal", "=town", 0.9, "town"), Level("different", "ELSE", 0.1)),
)
GROUP = Comparison(
    "group",
    "house_group_l is null or house_group_r is null or village_l is null or village_l != village_r",
    (Level("equal", "=house_group", 0.9, "house_group"), Level("different", "ELSE", 0.1)),
)
HOUSE = Comparison(
    "house",
    "house_l is null or house_r is null or village_l is null or village_l != village_r",
    (Level("equal", "=house", 0.9), Level("different", "ELSE", 0.1)),
)

COMPARISONS = (
    NAME, LETTERS, ID, MASKED, PHONE, BORN, BORN_MONTH, BORN_YEAR, SEX, AREA, TOWN, GROUP, HOUSE,
)  # fmt: skip
BY_NAME = {comparison.name: comparison for comparison in COMPARISONS}
HOME = ("phone", "area", "town", "group", "house")  # what a person shares with kin

# Pairs that are compared. Each rule is for what the others miss when one field is wrong.
BLOCKS: Sequence[tuple[str, ...]] = (
    ("id17",),
    ("phone",),
    ("sorted_bl",),
    ("ends",),
    ("id_birth", "id_serial"),
    ("head10", "id_serial"),
    ("head14", "b1"),
    ("head14", "b_last"),
    ("born", "b1"),
    ("born", "b_last"),
    ("born", "village"),
    ("village", "b1", "b_last"),
    ("village", "b2", "b3"),
    ("village", "house_group", "b1", "born_year"),
    ("village", "house_group", "b_last", "born_year"),
    ("tail2", "village", "b1"),
)
CALLED = "l.called = r.n_last and l.village = r.village"  # a nickname has no surname


Words = Callable[[str], str]


def splink_comparisons(strangers: Mapping[str, Any] | None = None, *, said: Words) -> list[dict[str, Any]]:
    """For Splink's settings; `strangers` gives each level's share among random pairs, by gamma. `said` puts a
    condition into the words of another engine than DuckDB."""
    return [
        {
            "output_column_name": comparison.name,
            "comparison_levels": [
                {
                    "sql_condition": said(comparison.null),
                    "label_for_charts": "not given",
                    "is_null_level": True,
                },
                *(
                    _splink_level(level, strangers[comparison.name][-1 - place] if strangers else None, said)
                    for place, level in enumerate(comparison.levels)
                ),
            ],
        }
        for comparison in COMPARISONS
    ]


def _splink_level(level: Level, u: float | None, said: Words) -> dict[str, Any]:
    condition = level.sql if level.sql == "ELSE" else said(_l(level.sql))
    made = {"sql_condition": condition, "label_for_charts": level.name, "m_probability": level.m}
    return made if u is None else {**made, "u_probability": float(u)}
