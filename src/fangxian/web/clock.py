"""The one place where pages look at a clock. Nothing below the pages does."""

from datetime import datetime

from fangxian.kernel.demonstration import clock_of
from fangxian.kernel.home import current_home
from fangxian.kernel.models import Head
from fangxian.kernel.moments import OFFICE_ZONE


def now() -> datetime:
    """The demonstration's clock where the data folder holds one, else the machine's, to the minute: or to
    what was recorded since, so that whoever has just reported sees it, and others share what was counted."""
    moment = clock_of(current_home(), now=datetime.now(OFFICE_ZONE))
    minute, head = moment.replace(second=0, microsecond=0), Head.objects.first()
    return head.at if head and minute < head.at <= moment else minute


def latest() -> datetime:
    """The last moment that may be asked about. A demonstration's clock stands still, so that what was
    recorded after it moves this on."""
    moment, head = clock_of(current_home(), now=datetime.now(OFFICE_ZONE)), Head.objects.first()
    return max(moment, head.at) if head else moment


def machine() -> datetime:
    """The machine's own clock, also in a demonstration: when somebody looked, how long a link holds."""
    return datetime.now(OFFICE_ZONE)
