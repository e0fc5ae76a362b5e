"""What a correction says of the bulletin that it replaces: which, why, each number that is another now."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import override

from fangxian.kernel.moments import OFFICE_ZONE

from .counting import figure_name
from .references import Number, Reference

TOLD = 12  # numbers that the paper names one by one
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Corrected:
    """The bulletin that is corrected: its number, when it was issued, and its numbers as they were."""

    number: int
    issued_at: datetime
    reason: str
    numbers: Mapping[Key, Number | None]


def key_of(reference: Reference) -> Key:
    return reference.figure, reference.unit, reference.part


def changed(corrected: Corrected, references: Iterable[Reference]) -> Iterator[Reference]:
    """Those of the new references that the old bulletin had with another value."""
    for reference in references:
        if corrected.numbers.get(key_of(reference), reference.value) != reference.value:
            yield reference


def notice(
    corrected: Corrected,
    references: Sequence[Reference],
    printed: Container[Reference],
    whose: Mapping[str, str],
) -> str:
    """The sentence under the title, with marks where the new numbers stand. `printed`: those of the
    references that the paper shows; `whose`: what their units are called, by code."""
    day = corrected.issued_at.astimezone(OFFICE_ZONE)
    told = [
        f"本期更正并代替{day.year}年{day.month}月{day.day}日印发的第{corrected.number}期，该期保留备查。"
        f"更正原因：{corrected.reason.rstrip('。．. ')}。"
    ]
    moved = list(changed(corrected, (one for one in dict.fromkeys(references) if one in printed)))
    with override("zh-hans"):
        told += [_moved(corrected, one, references, whose) for one in moved[:TOLD]]
    if len(moved) > TOLD:
        told.append(f"其余{len(moved) - TOLD}处数字的变动见正文和图表。")
    return "".join(told if moved else [*told, "各项数字没有变动。"])


def _moved(
    corrected: Corrected, new: Reference, references: Sequence[Reference], whose: Mapping[str, str]
) -> str:
    was = Reference(*key_of(new), corrected.numbers[key_of(new)]).text
    part = {"value": "", "of": "应有数", "missing": "未报数", "share": "占比"}[new.part]
    place = references.index(new)
    name = f"{whose.get(new.unit, new.unit)}{figure_name(new.figure)}{part}"
    return f"{name}原为{was}，更正为\ue000{place}\ue001。"
