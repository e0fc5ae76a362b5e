"""Which row of an office's next file is which row of the last one.

An office sends no key. A row is the same row where all of it is; else where its whole ID number is; else its
name and phone, its name and what is seen of the number, its name and birth date, its name and address; else
its phone, else its name, of rows that are left. Of several that share a key, those with most fields alike go
together. Where that is wrong once (two of one name), what somebody decided is reopened: its evidence differs.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from .rows import Fields, differing

LARGEST = 12  # rows that share a key beyond that share a default value, and no person

Key = tuple[str, ...] | None


def _together(*fields: str) -> Callable[[Fields], Key]:
    def key(row: Fields) -> Key:
        values = tuple(row.get(field, "") for field in fields)
        return values if all(values) else None

    return key


def _whole_number(row: Fields) -> Key:
    number = row.get("id_number", "")
    return (number,) if len(number) in (15, 18) and "*" not in number else None


KEYS: Sequence[Callable[[Fields], Key]] = (
    lambda row: tuple(sorted(f"{field}={value}" for field, value in row.items())),
    _whole_number,
    _together("name", "phone"),
    _together("name", "id_number"),
    _together("name", "birth"),
    _together("name", "address"),
    _together("phone"),
    _together("name"),
)


def same_rows(held: Mapping[int, Fields], came: Sequence[Fields]) -> list[int | None]:
    """For each row that came the id of the row that it is; None for a new one. No id is given twice."""
    found: list[int | None] = [None] * len(came)
    free = dict(held)
    for key in KEYS:
        left = [place for place, row in enumerate(found) if row is None]
        if not left or not free:
            break
        for place, row in _paired(key, free, left, came):
            found[place] = row
            del free[row]
    return found


def _paired(
    key: Callable[[Fields], Key], held: Mapping[int, Fields], left: Sequence[int], came: Sequence[Fields]
) -> list[tuple[int, int]]:
    """(place, id) of those that share a key, the likest first."""
    waiting: dict[Key, list[int]] = defaultdict(list)
    for row, fields in held.items():
        waiting[key(fields)].append(row)
    arrived: dict[Key, list[int]] = defaultdict(list)
    for place in left:
        arrived[key(came[place])].append(place)
    pairs: list[tuple[int, int]] = []
    for shared, places in arrived.items():
        rows = waiting.get(shared, [])
        if shared is not None and rows:
            pairs += _likest(places, rows, held, came)
    return pairs


def _likest(
    places: Sequence[int], rows: Sequence[int], held: Mapping[int, Fields], came: Sequence[Fields]
) -> list[tuple[int, int]]:
    if len(places) == 1 == len(rows):
        return [(places[0], rows[0])]
    if max(len(places), len(rows)) > LARGEST:  # in their order
        return list(zip(places, rows, strict=False))
    order = sorted(
        (len(differing(held[row], came[place])), i, j, place, row)
        for i, place in enumerate(places)
        for j, row in enumerate(rows)
    )
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for _differ, _i, _j, place, row in order:
        if place not in {p for p, _r in pairs} and row not in taken:
            taken.add(row)
            pairs.append((place, row))
    return pairs
