"""From cells to what is compared: one Arrow table for the list and one for the roster, the same columns.

Numbers stand for what is only ever held against its like; null is "not given".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa

from fangxian.registry.importing.text import Cell, as_text

from .addresses import NOWHERE, Gazetteer, Place
from .days import Birth, birth_in, read_birth
from .names import Name, Names, blurred
from .numbers import NOTHING, IdNumber, read_id, read_phone
from .reading import Table

_SEXES = {"男": 1, "男性": 1, "m": 1, "male": 1, "1": 1, "女": 2, "女性": 2, "f": 2, "female": 2, "2": 2}


@dataclass(slots=True)
class Features:
    """`table` goes to Splink; the lists beside it are for weights, reasons and pooling."""

    table: pa.Table
    names: list[Name | None]
    ids: list[IdNumber]
    births: list[Birth | None]
    places: list[Place]
    phones: list[str]
    sources: list[str]
    roles: list[str]
    uids: list[str] = field(default_factory=list)

    @property
    def height(self) -> int:
        return len(self.names)

    def only(self, kept: Sequence[int]) -> "Features":
        """These rows, numbered anew from 0."""
        table = self.table.take(pa.array(kept, pa.int64()))
        numbers = pa.array(np.arange(len(kept), dtype=np.int32))
        table = table.set_column(table.column_names.index("unique_id"), "unique_id", numbers)

        def of(values: list[Any]) -> list[Any]:
            return [values[place] for place in kept] if values else []

        return Features(
            table,
            of(self.names),
            of(self.ids),
            of(self.births),
            of(self.places),
            of(self.phones),
            of(self.sources),
            of(self.roles),
            of(self.uids),
        )

    def column(self, name: str) -> Any:
        return self.table.column(name)


def of_roster(table: Table) -> tuple[Features, Names, Gazetteer]:
    towns = _texts(table, "town")
    addresses = _texts(table, "address")
    gazetteer = Gazetteer((a for a in addresses if a), towns)
    readings = Names()
    names = _names(table, readings)
    readings.learn(name for name in names if name)
    if not all(addresses):
        addresses = [a or t for a, t in zip(addresses, towns, strict=True)]
    made = _features(table, names, addresses, gazetteer)
    made.uids = _texts(table, "uid")
    return made, readings, gazetteer


def of_list(table: Table, readings: Names, gazetteer: Gazetteer) -> Features:
    towns, addresses = _texts(table, "town"), _texts(table, "address")
    joined = [a if not t or t in a else t + a for a, t in zip(addresses, towns, strict=True)]
    return _features(table, _names(table, readings), joined, gazetteer)


def _features(
    table: Table, names: list[Name | None], addresses: Sequence[str], gazetteer: Gazetteer
) -> Features:
    ids = _each(table, "id_number", read_id, NOTHING)
    given = _each(table, "birth", read_birth, None)
    births = [birth or _birth_of(number) for birth, number in zip(given, ids, strict=True)]
    phones = _each(table, "phone", read_phone, "")
    places = _mapped(addresses, gazetteer.place, NOWHERE)
    columns: dict[str, Any] = {"unique_id": pa.array(np.arange(table.height, dtype=np.int32))}
    columns |= _name_columns(names)
    columns |= _id_columns(ids)
    columns |= _birth_columns(births)
    columns |= _phone_columns(phones)
    columns |= _place_columns(places)
    sexes = _each(table, "sex", lambda cell: _SEXES.get(as_text(cell).casefold(), 0), 0)
    columns["sex"] = _numbers(map(_sex_of, sexes, ids), pa.int8())
    return Features(
        pa.table(columns), names, ids, births, places, phones, _texts(table, "source"), _texts(table, "role")
    )


# ---- cells ------------------------------------------------------------------------------------------


def _each(table: Table, name: str, read: Callable[[Cell], Any], nothing: Any) -> list[Any]:
    cells = table.columns.get(name)
    return [nothing] * table.height if cells is None else _mapped(cells, read, nothing)


def _mapped(cells: Iterable[Cell], read: Callable[[Any], Any], nothing: Any) -> list[Any]:
    """Each distinct cell is read once."""
    known: dict[Any, Any] = {None: nothing, "": nothing}
    found = []
    for cell in cells:
        try:
            found.append(known[cell])
        except KeyError:
            known[cell] = read(cell)
            found.append(known[cell])
    return found


def _texts(table: Table, name: str) -> list[str]:
    return _each(table, name, as_text, "")


def _names(table: Table, readings: Names) -> list[Name | None]:
    texts = _texts(table, "name")
    known = readings.read({text for text in texts if text})
    return [known.get(text) for text in texts]


def _sex_of(sex: int, number: IdNumber) -> int:
    """As given, or else as the ID number has it."""
    digit = number.whole[16:17] or number.tail[-2:-1]
    return sex or (2 - int(digit) % 2 if digit else 0)


def _birth_of(number: IdNumber) -> Birth | None:
    return birth_in(number.whole[6:14] if number.whole else number.head[6:14])


# ---- columns ----------------------------------------------------------------------------------------


def _numbers(values: Iterable[int], kind: Any = None) -> pa.Array:
    """0 is null."""
    array = np.fromiter(values, dtype=np.int64)
    return pa.array(array, mask=array == 0).cast(kind or pa.int64())


def _strings(values: Iterable[str]) -> pa.Array:
    return pa.array([value or None for value in values], pa.string())


def code(text: str) -> int:
    """A number for a text; 0 for none."""
    return crc32(text.encode()) + 1 if text else 0


_NAME_FIELDS = (
    "nm", "py", "bl", "sorted_nm", "sorted_bl", "sorted_py",
    "n1", "n2", "n3", "b1", "b2", "b3", "b_last", "width", "nick", "n_last", "letters", "given", "called",
)  # fmt: skip


def _name_columns(names: Sequence[Name | None]) -> dict[str, Any]:
    known: dict[int, tuple[Any, ...]] = {}
    rows = []
    for name in names:
        row = known.get(id(name))
        if row is None:
            row = known[id(name)] = _name_row(name)
        rows.append(row)
    parts = list(zip(*rows, strict=True))
    columns: dict[str, Any] = {
        each: _numbers(part) for each, part in zip(_NAME_FIELDS, parts[: len(_NAME_FIELDS)], strict=True)
    }
    columns["shape"] = _strings(parts[-1])
    return columns


def _name_row(name: Name | None) -> tuple[Any, ...]:
    if name is None:
        return (0,) * len(_NAME_FIELDS) + ("",)
    heard = name.blur
    blur = [code(sound) for sound in heard]
    split = name.surname
    signs = name.signs
    surname, given = signs[:split], signs[split:]
    pieces = [surname, given[:1], given[1:]] if signs else ["", "", ""]
    sounds = [
        code("".join(heard[:split])),
        code("".join(heard[split : split + 1])),
        code("".join(heard[split + 1 :])),
    ]
    return (
        code(signs),
        code(name.pinyin),
        code(" ".join(heard)),
        code("".join(sorted(signs))),
        sum(blur) or 0,
        code(" ".join(sorted(name.sounds))),
        *map(code, pieces),
        *sounds,
        blur[-1],
        len(name.sounds) - split + 1,
        code(name.nick),
        code(signs[-1:]),
        1 if name.latin else 0,
        code(given),
        code(name.nick or (signs[-1] if 0 < len(signs) <= 2 else "")),
        name.shape,
    )


def _id_columns(ids: Sequence[IdNumber]) -> dict[str, Any]:
    whole = [number.whole for number in ids]
    heads = [number.whole[:14] or number.head for number in ids]
    tails = [number.whole[14:] or number.tail for number in ids]
    return {
        "id_no": _strings(whole),
        "id17": _numbers(int(text[:17]) if text else 0 for text in whole),
        "id_region": _numbers((int(text[:6]) if text else 0 for text in whole), pa.int32()),
        "id_birth": _numbers((int(text[6:14]) if text else 0 for text in whole), pa.int32()),
        "id_serial": _numbers((int(text[14:17]) + 1 if text else 0 for text in whole), pa.int32()),
        "id_head": _strings("" if number.whole else number.head for number in ids),
        "id_tail": _strings("" if number.whole else number.tail for number in ids),
        "head14": _strings(head if len(head) == 14 else "" for head in heads),
        "head10": _strings(head[:10] if len(head) >= 10 else "" for head in heads),
        "ends": _strings(
            head[:3] + tail[-4:] if len(head) >= 3 and len(tail) >= 4 else ""
            for head, tail in zip(heads, tails, strict=True)
        ),
        "tail2": _strings(tail[-2:] for tail in tails),
    }


def _birth_columns(births: Sequence[Birth | None]) -> dict[str, Any]:
    full = [b if b is not None else Birth(0) for b in births]
    return {
        "born": _numbers((b.year * 10_000 + b.month * 100 + b.day if b.day else 0 for b in full), pa.int32()),
        "born_month": _numbers((b.year * 100 + b.month if b.month else 0 for b in full), pa.int32()),
        "born_year": _numbers((b.year for b in full), pa.int32()),
    }


def _phone_columns(phones: Sequence[str]) -> dict[str, Any]:
    return {"phone": _numbers(int(phone) if phone else 0 for phone in phones), "phone_text": _strings(phones)}


def _place_columns(places: Sequence[Place]) -> dict[str, Any]:
    return {
        "town": _numbers((place.town for place in places), pa.int32()),
        "village": _numbers((place.village for place in places), pa.int32()),
        "house_group": _numbers((place.group for place in places), pa.int32()),
        "house": _numbers((place.house for place in places), pa.int32()),
    }


__all__ = ["Features", "blurred", "code", "of_list", "of_roster"]
