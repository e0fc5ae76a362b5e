"""From moments to what is asked: the day, what was known by when, and its place in the change log."""

from datetime import datetime

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import position_at
from fangxian.kernel.problems import MomentInFuture


def as_of(moment: datetime, known_by: datetime | None = None, *, clock: datetime | None = None) -> AsOf:
    """`moment` sets the day and, unless `known_by` is given, the moment of knowledge.

    Raises NothingKnownYet before the first record; MomentInFuture where either is later than `clock`.
    """
    known = known_by or moment
    latest = max(moment, known)
    if clock is not None and latest > clock:
        raise MomentInFuture(moment=latest.isoformat(), now=clock.isoformat())
    return AsOf.at(moment, position=position_at(known), known_by=known)
