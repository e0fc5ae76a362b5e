"""Which bitemporal rows hold: one filter for every room."""

from datetime import date

from django.db.models import Q


def known(position: int) -> Q:
    """Rows known as of a position in the change log."""
    return Q(recorded__lte=position) & (Q(recorded_until=None) | Q(recorded_until__gt=position))


def holding(day: date, position: int) -> Q:
    """Rows that hold on a day, as known as of a position."""
    return known(position) & Q(valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gt=day))


def in_chunks(ids: list[int] | list[str], size: int = 10_000) -> list[list]:  # type: ignore[type-arg]
    """Lists short enough for one IN clause on either database."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
