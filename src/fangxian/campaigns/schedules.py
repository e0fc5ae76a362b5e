"""When reports are due. What comes later is late, and is taken all the same; `closes` is what refuses."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from fangxian.kernel.moments import OFFICE_ZONE

from .problems import BadDue


def read_due(campaign: str, schedule: Mapping[str, Any]) -> datetime | time | None:
    """The `due` of a schedule: a moment, or of a daily campaign a time of the day. Raises BadDue."""
    due = schedule.get("due")
    if due is None:
        return None
    try:
        if schedule["kind"] == "daily":
            return time.fromisoformat(due)
        moment = datetime.fromisoformat(due)
    except (TypeError, ValueError) as error:
        raise BadDue(campaign=campaign, due=due) from error
    if moment.tzinfo is None:
        raise BadDue(campaign=campaign, due=due)
    return moment


def due_on(campaign: str, schedule: Mapping[str, Any], day: date) -> datetime | None:
    """When the reports of that day are due; of a campaign that is not daily, all of them."""
    due = read_due(campaign, schedule)
    return datetime.combine(day, due, OFFICE_ZONE) if isinstance(due, time) else due
