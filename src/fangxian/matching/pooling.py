"""Rows of one list that are the same person: what one of them lacks, another may say."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from .features import Features
from .linking import Array, Pairs

LARGEST = 12  # rows that agree in a strong key beyond that are a default value, no person


def same_person(listed: Features) -> Array:
    """For each row the number of its group; -1 for rows that stand alone."""
    leader = np.arange(listed.height)
    for key in _keys(listed):
        for rows in key.values():
            if 1 < len(rows) <= LARGEST:
                _join(listed, leader, rows)
    for row in range(len(leader)):
        leader[row] = _find(leader, row)
    members = np.bincount(leader, minlength=len(leader))
    return np.where(members[leader] > 1, leader, -1)


def _keys(listed: Features) -> Iterable[dict[object, list[int]]]:
    """What hardly two people of a list share: a number, or a name with a phone, a birthday, a house."""
    number: dict[object, list[int]] = defaultdict(list)
    phone: dict[object, list[int]] = defaultdict(list)
    born: dict[object, list[int]] = defaultdict(list)
    house: dict[object, list[int]] = defaultdict(list)
    seen: dict[object, list[int]] = defaultdict(list)
    for row, (name, given) in enumerate(zip(listed.names, listed.ids, strict=True)):
        if given.whole:
            number[given.whole].append(row)
        if name is None:
            continue
        called = name.pinyin
        if listed.phones[row]:
            phone[called, listed.phones[row]].append(row)
        birth, place = listed.births[row], listed.places[row]
        if birth is not None and birth.day:
            born[called, birth].append(row)
        if place.village > 0 and place.group:
            house[called, place.village, place.group].append(row)
        if len(given.tail) >= 4 and given.head:
            seen[called, given.tail[-4:], given.head[:3]].append(row)
    return number, phone, born, house, seen


def _join(listed: Features, leader: Array, rows: list[int]) -> None:
    for row in rows[1:]:
        first = _find(leader, rows[0])
        if not _contradict(listed, rows[0], row):
            leader[_find(leader, row)] = first


def _find(leader: Array, row: int) -> int:
    while leader[row] != row:
        leader[row] = leader[leader[row]]
        row = int(leader[row])
    return row


def _contradict(listed: Features, one: int, other: int) -> bool:
    """Two whole numbers that differ in more than a slip; or, where no number speaks for one person, two names
    in signs or two birth dates: children at one phone often have names that sound the same."""
    numbers = listed.ids[one].whole, listed.ids[other].whole
    if all(numbers):
        return sum(a != b for a, b in zip(*numbers, strict=True)) > 2
    names = [name.signs for name in (listed.names[one], listed.names[other]) if name and name.signs]
    if len(set(names)) > 1:
        return True
    birth, again = listed.births[one], listed.births[other]
    return (
        birth is not None
        and again is not None
        and any(a != b for a, b in zip(birth, again, strict=True) if a and b)
    )


def pool(groups: Array, pairs: Pairs, weights: dict[str, Array]) -> tuple[Pairs, Array]:
    """Pairs in which each row of a group has all candidates of the group, and of each comparison what the row
    of the group that fits best has to say; and from which of the given pairs each was taken.

    The second is a table of pairs and comparisons, in the order of `pairs.gammas`.
    """
    names = list(pairs.gammas)
    group = groups[pairs.rows]
    alone = np.flatnonzero(group < 0)
    own = np.repeat(alone[:, None], len(names), axis=1)
    within = np.flatnonzero(group >= 0)
    if not len(within):
        return pairs, own
    order = within[np.lexsort((pairs.people[within], group[within]))]
    fresh = np.flatnonzero(
        (np.diff(group[order], prepend=-1) != 0) | (np.diff(pairs.people[order], prepend=-1) != 0)
    )
    best = np.column_stack([_best(order, fresh, pairs.gammas[name], weights[name]) for name in names])
    lead, person = group[order[fresh]], pairs.people[order[fresh]]
    members = np.argsort(groups, kind="stable")
    members = members[groups[members] >= 0]
    starts = np.searchsorted(groups[members], lead, side="left")
    counts = np.searchsorted(groups[members], lead, side="right") - starts
    which = np.repeat(np.arange(len(lead)), counts)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = members[starts[which] + offset]
    all_rows = np.concatenate([pairs.rows[alone], rows])
    all_people = np.concatenate([pairs.people[alone], person[which]])
    taken = np.concatenate([own, best[which]])
    by_row = np.lexsort((all_people, all_rows))
    taken = taken[by_row]
    gammas = {name: pairs.gammas[name][taken[:, place]] for place, name in enumerate(names)}
    return Pairs(all_rows[by_row], all_people[by_row], gammas, pairs.strangers), taken


def _best(order: Array, fresh: Array, gamma: Array, weight: Array) -> Array:
    """Of each group and person, the pair that has most to say for it; one that says nothing comes last."""
    said = np.where(gamma[order] >= 0, weight[order], -np.inf)
    which = np.cumsum(np.isin(np.arange(len(order)), fresh)) - 1
    ranked = np.lexsort((np.arange(len(order)), -said, which))
    return np.asarray(order[ranked[fresh]])
