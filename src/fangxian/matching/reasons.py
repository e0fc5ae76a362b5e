"""Why a row was taken for a person, in words. No sentence holds a number, a phone or an address."""

from collections.abc import Iterator
from functools import cache

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .comparing import COMPARISONS
from .deciding import AUTO, NONE, REVIEW, Decided
from .features import Features
from .weighing import Weighed

WORDS = {
    ("name", "equal"): gettext_lazy("same name"),
    ("name", "sound"): gettext_lazy("name sounds the same"),
    ("name", "order"): gettext_lazy("same characters of the name in another order"),
    ("name", "blur"): gettext_lazy("name sounds the same in dialect"),
    ("name", "shape"): gettext_lazy("name looks alike"),
    ("name", "nickname"): gettext_lazy("nickname fits the name"),
    ("name", "one off"): gettext_lazy("name differs in one character"),
    ("name", "surname"): gettext_lazy("only the surname agrees"),
    ("name", "different"): gettext_lazy("another name"),
    ("letters", "sound"): gettext_lazy("name in letters fits"),
    ("letters", "order"): gettext_lazy("name in letters fits in another order"),
    ("letters", "blur"): gettext_lazy("name in letters fits in dialect"),
    ("letters", "one off"): gettext_lazy("name in letters differs in one syllable"),
    ("letters", "surname"): gettext_lazy("only the surname agrees"),
    ("letters", "different"): gettext_lazy("another name"),
    ("id", "equal"): gettext_lazy("same ID number"),
    ("id", "near"): gettext_lazy("same ID number but for one digit"),
    ("id", "birth"): gettext_lazy("another ID number with the same birth date"),
    ("id", "different"): gettext_lazy("another ID number"),
    ("masked", "agrees"): gettext_lazy("what is seen of the ID number fits"),
    ("masked", "near"): gettext_lazy("what is seen of the ID number fits but for one digit"),
    ("masked", "different"): gettext_lazy("another ID number"),
    ("phone", "equal"): gettext_lazy("same phone"),
    ("phone", "near"): gettext_lazy("same phone but for one digit"),
    ("phone", "different"): gettext_lazy("another phone"),
    ("born", "equal"): gettext_lazy("same birth date"),
    ("born", "swapped"): gettext_lazy("birth date with day and month swapped"),
    ("born", "one part"): gettext_lazy("birth date differs in one part"),
    ("born", "different"): gettext_lazy("another birth date"),
    ("born_month", "equal"): gettext_lazy("same month of birth"),
    ("born_month", "year"): gettext_lazy("same year of birth, another month"),
    ("born_month", "different"): gettext_lazy("another month of birth"),
    ("born_year", "equal"): gettext_lazy("same year of birth"),
    ("born_year", "different"): gettext_lazy("another year of birth"),
    ("sex", "equal"): "",
    ("sex", "different"): gettext_lazy("another sex"),
    ("area", "village"): gettext_lazy("same village"),
    ("area", "town"): gettext_lazy("township equal, another village"),
    ("area", "different"): gettext_lazy("another township"),
    ("town", "equal"): gettext_lazy("township equal"),
    ("town", "different"): gettext_lazy("another township"),
    ("group", "equal"): gettext_lazy("same group of the village"),
    ("group", "different"): gettext_lazy("another group of the village"),
    ("house", "equal"): gettext_lazy("same house"),
    ("house", "different"): gettext_lazy("another house"),
}
NAMED = 3  # rivals whose uids are written out
NOTHING_BUT_A_NAME = gettext_lazy("nothing but a name to go by")


@cache
def _join(language: str) -> str:
    return "；" if language.startswith("zh") else "; "


def reasons(
    listed: Features, roster: Features, weighed: Weighed, decided: Decided, language: str
) -> list[str]:
    """A sentence for each row of the list, in the language that is active."""
    join = _join(language)
    spoken = {key: str(words) for key, words in WORDS.items()}
    homes = np.bincount(weighed.pairs.rows, weighed.kin, listed.height)
    rivals = _rivals(roster, weighed, decided)
    return [
        join.join(_parts(row, weighed, decided, spoken, rivals.get(row, []), homes[row]))
        for row in range(listed.height)
    ]


def _parts(
    row: int,
    weighed: Weighed,
    decided: Decided,
    spoken: dict[tuple[str, str], str],
    rivals: list[str],
    kin: float,
) -> Iterator[str]:
    pair = decided.best[row]
    if decided.bare[row]:
        yield str(NOTHING_BUT_A_NAME)
    if pair < 0:
        yield _("nobody of ours comes near")
        return
    if decided.decision[row] == NONE:
        yield from _why_none(decided.bare[row], kin)
        return
    yield from agreements(weighed, pair, spoken)
    if weighed.groups[row] >= 0:
        yield _("with what other rows of this list say of the same person")
    if rivals:
        told = ngettext(
            "{number} other person fits nearly as well ({people})",
            "{number} other people fit nearly as well ({people})",
            len(rivals),
        )
        more = " …" if len(rivals) > NAMED else ""
        yield told.format(number=len(rivals), people=", ".join(rivals[:NAMED]) + more)
    if decided.decision[row] != AUTO and kin >= 0.1:
        yield _("may be kin of the same home who is on no roster")


def agreements(weighed: Weighed, pair: int, spoken: dict[tuple[str, str], str]) -> Iterator[str]:
    """What was compared, the weightiest first."""
    found = [
        (abs(float(weighed.evidence[each.name][pair])), place, spoken[each.name, each.level(gamma).name])
        for place, each in enumerate(COMPARISONS)
        if (gamma := int(weighed.pairs.gammas[each.name][pair])) >= 0
    ]
    for _weight, _place, words in sorted(found, key=lambda each: (-each[0], each[1])):
        if words:
            yield words


def _why_none(bare: bool, kin: float) -> Iterator[str]:
    if kin >= 0.5:
        yield _("phone or home of one of ours, but another person: kin who is on no roster")
    elif not bare:
        yield _("nobody of ours fits well enough")


def _rivals(roster: Features, weighed: Weighed, decided: Decided) -> dict[int, list[str]]:
    """For rows to be reviewed, the uids of those at least a third as likely as the best one, best first."""
    rows, probability = weighed.pairs.rows, weighed.probability
    near = (decided.decision[rows] == REVIEW) & (probability * 3 >= decided.probability[rows])
    near[decided.best[decided.best >= 0]] = False
    pairs = np.flatnonzero(near)
    found: dict[int, list[str]] = {}
    for pair in pairs[np.argsort(-probability[pairs], kind="stable")]:
        found.setdefault(int(rows[pair]), []).append(roster.uids[weighed.pairs.people[pair]])
    return found
