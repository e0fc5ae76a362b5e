"""The one place where pages look at a clock. Nothing below the pages does."""

from datetime import datetime

from fangxian.kernel.changes import head
from fangxian.kernel.demonstration import clock_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import OFFICE_ZONE


def now() -> datetime:
    """The demonstration's clock where the data folder holds one, else the machine's, to the minute: or to
    what was recorded since, so that whoever has just reported sees it, and others share what was counted."""
    moment = clock_of(current_home(), now=datetime.now(OFFICE_ZONE))
    minute, last = moment.replace(second=0, microsecond=0), head()
    return last[1] if last and minute < last[1] <= moment else minute


def latest() -> datetime:
    """The last moment that may be asked about. A demonstration's clock stands still, so that what was
    recorded after it moves this on."""
    moment, last = clock_of(current_home(), now=datetime.now(OFFICE_ZONE)), head()
    return max(moment, last[1]) if last else moment


def machine() -> datetime:
    """The machine's own clock, also in a demonstration: when somebody looked, how long a link holds."""
    return datetime.now(OFFICE_ZONE)
