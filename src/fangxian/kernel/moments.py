"""Moments: aware datetimes, to the millisecond, in the zone of the office."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from .problems import MomentUnreadable

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970-01-01T00:00Z. The moment must carry its zone."""
    if moment.tzinfo is None:
        raise MomentUnreadable(text=moment.isoformat())
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, OFFICE_ZONE)


def read_moment(text: str) -> datetime:
    """An ISO 8601 moment; a bare day means its last minute; without a zone, the office's zone is meant."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise MomentUnreadable(text=text) from error
    if not 1900 <= moment.year < 2200:
        raise MomentUnreadable(text=text)
    if len(text.strip()) <= 10:
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999000)
    return moment if moment.tzinfo else moment.replace(tzinfo=OFFICE_ZONE)


def day_of(moment: datetime) -> date:
    """The office's calendar day of a moment."""
    return moment.astimezone(OFFICE_ZONE).date()
