"""What is logged holds no value of anybody: of an exception its type and where it came from, of a request its
route.

A database says in its messages which value it refused ("Key (phone)=(…) already exists"), Django which path
was asked for, and a family's link is a path. So a record's traceback is written as soon as it is made,
without the messages, and whatever formats the record later takes it as it is.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from .problems import Problem

REQUESTS = ("django.request", "django.security.csrf", "django.security.DisallowedHost")
DATABASES = ("django.db", "psycopg", "sqlite3")
Kind = type[BaseException]


def set_up() -> None:
    """For the whole process, once."""
    made = logging.getLogRecordFactory()
    if made is not _record:
        _before.append(made)
        logging.setLogRecordFactory(_record)
        threading.excepthook = _in_a_thread
        sys.excepthook = _at_the_end
    for name in REQUESTS:
        logger = logging.getLogger(name)
        if route_alone not in logger.filters:
            logger.addFilter(route_alone)


_before: list[Callable[..., logging.LogRecord]] = []


def _record(*args: Any, **more: Any) -> logging.LogRecord:
    record = _before[0](*args, **more)
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = without_messages(record.exc_info[1])
    if isinstance(record.args, tuple):
        record.args = tuple(named(arg) if isinstance(arg, BaseException) else arg for arg in record.args)
    said: Any = record.msg
    if isinstance(said, BaseException):
        record.msg, record.args = "%s", (named(said),)
    return record


def route_alone(record: logging.LogRecord) -> bool:
    """Instead of the path that was asked for, which may hold a family's link, the route's name."""
    request = getattr(record, "request", None)
    match = getattr(request, "resolver_match", None)
    status = getattr(record, "status_code", "")
    record.msg, record.args = "%s %s", (status, match.view_name if match is not None else "(no route)")
    return True


def named(error: BaseException) -> str:
    """Its type; and of our problems the code, of the system's errors the words for their number."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, Problem):
        return f"{name}: {error.code}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name


def without_messages(error: BaseException) -> str:
    """A traceback as Python writes it, of the whole chain, each exception by `named`."""
    return "\n".join(_lines(error)).rstrip()


def _lines(error: BaseException) -> Iterator[str]:
    for number, one in enumerate(reversed(list(_chain(error)))):
        if number:
            yield "\nand because of that, or while it was handled:\n"
        yield "Traceback (most recent call last):"
        for frame in traceback.extract_tb(one.__traceback__):
            yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        yield named(one)


def _in_a_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        logging.getLogger(__name__).critical("a thread ended", exc_info=told.exc_value)


def _at_the_end(kind: Kind, error: BaseException, frames: TracebackType | None) -> None:
    """Of a command that failed: a database's messages are left out, others are for whoever runs it."""
    if any(type(one).__module__.startswith(DATABASES) for one in _chain(error)):
        sys.stderr.write(without_messages(error) + "\n")
    else:
        sys.__excepthook__(kind, error, frames)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
