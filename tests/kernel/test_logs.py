"""Logs hold no value of anybody: of an exception its type and its frames, of a request its route."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from fangxian.kernel import logs
from fangxian.kernel.problems import KeysMissing
from fangxian.registry.models import Unit

PLANTED = "10012345671"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler of anybody's writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def twice() -> None:
    for key in (1, 2):
        Unit.objects.create(id=key, recorded=1, code=PLANTED, line="administrative", kind="school")


@pytest.mark.django_db
def test_what_a_database_refused_is_logged_without_the_value(written: io.StringIO) -> None:
    log = logging.getLogger("fangxian.somewhere")
    try:
        with transaction.atomic():
            twice()
    except IntegrityError as error:
        assert connection.vendor == "sqlite" or PLANTED in str(error), "PostgreSQL tells the value"
        log.exception("not stored")
        log.error("not stored: %s", error)
        log.error(error)
    told = written.getvalue()
    assert PLANTED not in told and "UNIQUE" not in told and "DETAIL" not in told
    assert "django.db.utils.IntegrityError" in told and "in twice" in told and "test_logs.py" in told
    assert f"{type(connection.connection).__module__.split('.')[0]}" in told, "the driver's own error too"
    assert told.count("not stored: django.db.utils.IntegrityError\n") == 1


def test_messages_of_a_whole_chain_are_left_out(written: io.StringIO) -> None:
    try:
        try:
            int(f"{PLANTED}x")
        except ValueError as error:
            raise KeyError(PLANTED) from error
    except KeyError:
        logging.getLogger("fangxian.somewhere").exception("amiss")
    told = written.getvalue()
    assert PLANTED not in told
    assert told.index("ValueError") < told.index("KeyError")


def test_what_helps_and_holds_nothing_stays() -> None:
    assert logs.named(FileNotFoundError(2, "No such file or directory", f"/x/{PLANTED}")) == (
        "FileNotFoundError: No such file or directory"
    )
    assert logs.named(KeysMissing(path="x")) == "fangxian.kernel.problems.KeysMissing: keys-missing"


@pytest.mark.django_db
def test_a_request_is_logged_by_its_route(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.get("/h/fx_secret-of-a-family/")
    client.get(f"/nothing/{PLANTED}/")
    monkeypatch.setattr("fangxian.web.guard.authenticate", fails)
    assert client.get(f"/h/fx_secret-of-a-family/?phone={PLANTED}").status_code == 500
    told = written.getvalue()
    assert "secret-of-a-family" not in told and PLANTED not in told
    assert "404 family\n" in told and "404 (no route)\n" in told
    assert "RuntimeError" in told and "in fails" in told


def fails(*_: object) -> None:
    raise RuntimeError(PLANTED)


BEGIN = "import django; django.setup(); from django.db import IntegrityError, connection; import threading"
REFUSED = f"raise IntegrityError('Key (phone)=({PLANTED}) already exists')"


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        (f"{BEGIN}\n{REFUSED}", 1),
        (f"{BEGIN}\ndef fails():\n  {REFUSED}\nthreading.Thread(target=fails).start()", 0),
    ],
    ids=["a command", "a thread"],
)
def test_what_fails_at_the_database_and_is_caught_by_nobody_says_no_value(code: str, ends: int) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == ends
    assert PLANTED not in done.stderr and "django.db.utils.IntegrityError" in done.stderr
