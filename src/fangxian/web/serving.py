"""Serves the pages on this machine alone: granian with one worker, the pages in a few threads.

One worker, so that what was counted for a moment is counted once and shared; DuckDB uses both cores for it.
"""

import ipaddress
import os
import socket
import threading
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from fangxian.kernel.demonstration import CLOCK, demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import read_moment

from .problems import ClockNotMovable, NotLoopback, PortTaken

if TYPE_CHECKING:
    from .mounted import Mounted

THREADS = 4
QUEUE = 64  # requests that wait for a thread; more are refused at once
STOPPING = 10  # seconds that a worker has to finish before it is ended


def refuse_others(host: str) -> str:
    """The loopback address that `host` names. Raises NotLoopback for any other."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError as error:
        raise NotLoopback(host=host) from error
    if not address.is_loopback:
        raise NotLoopback(host=host)
    return str(address)


def refuse_taken(host: str, port: int) -> None:
    """Raises PortTaken where somebody listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(host=host, port=port) from error


def move_clock(moment: str | None) -> None:
    """Move a demonstration's clock for this run. Raises MomentUnreadable, ClockNotMovable."""
    if moment is None:
        return
    home = current_home()
    if demonstration_of(home) is None:
        raise ClockNotMovable(home=str(home.path))
    os.environ[CLOCK] = read_moment(moment).isoformat()


def serve(*, host: str, port: int) -> None:
    """Serve until stopped. Raises NotLoopback, PortTaken."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    address = refuse_others(host)
    refuse_taken(address, port)
    Granian(
        "fangxian.web.serving:application",
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        backlog=1024,
        websockets=False,
        factory=True,
        log_level=LogLevels.warning,
        workers_kill_timeout=STOPPING,
    ).serve()


def application() -> "Mounted":
    """For a worker: Django's pages, which warm up beside the first requests, and the doors beside them."""
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    django.setup()
    from fangxian.access import audit
    from fangxian.campaigns import sending

    from . import clock
    from .doors.who import admit
    from .mounted import Mounted

    pages = get_wsgi_application()
    import_module(settings.ROOT_URLCONF)  # what cannot start stops here, not at the first visitor
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    audit.start_sealer(clock.machine)
    sending.start_sender(clock.machine, audit.reminded)
    return Mounted(pages, admit=admit, threads=THREADS, queue=QUEUE)


def warm_up() -> None:
    """Narwhals and DuckDB take most of a second at their first query: so that no visitor waits for it, the
    first board is counted now. What is wrong is told to whoever asks, not here."""
    from django.db import connection

    from fangxian.kernel.problems import Problem

    from . import asking, clock, counting, days

    try:
        found = counting.counted()
        asked = asking.of_moment(clock.now(), None, found, clock.latest())
        found.engine.all(asked)
        days.COUNTER.start()
        yesterday = asked.day - timedelta(days=1)
        days.COUNTER.want(days.days().missing(yesterday - timedelta(days=days.SHOWN), yesterday))
    except Problem:
        pass
    finally:
        connection.close()
