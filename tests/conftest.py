"""The test house: a data folder of its own, both databases, no silent skips.

Everything here happens before Django reads its settings, so that no test can touch a real data folder.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

_FOLDER = Path(tempfile.mkdtemp(prefix="fangxian-tests-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
os.environ["FANGXIAN_HOME"] = str(_FOLDER / "home")
os.environ["DJANGO_SETTINGS_MODULE"] = "fangxian.settings"

import django  # noqa: E402
from django.conf import settings  # noqa: E402

from fangxian.kernel.home import Home, current_home  # noqa: E402
from fangxian.kernel.secrets import make_keys  # noqa: E402

NO_SKIPS = os.environ.get("FANGXIAN_NO_SKIPS") == "1"
ON_POSTGRES = bool(os.environ.get("FANGXIAN_POSTGRES"))
# Tests draw on the same keys on every machine, so that surrogates and digests are alike in all runs.
TEST_KEYS = bytes(range(96))


def _own_the_settings() -> None:
    """Where DJANGO_SETTINGS_MODULE is exported (as for xdist's workers, by the lines above), pytest-django
    has read the settings before this file: so they are mended, not only prepared."""
    settings.HOME = current_home().make()
    make_keys(settings.HOME.keys, TEST_KEYS)
    ledger = settings.DATABASES["default"]
    # Threads that served a page of one test would have the ledger open while another test mirrors it here.
    ledger["CONN_MAX_AGE"] = 0
    if not ON_POSTGRES:
        ledger["NAME"] = settings.HOME.ledger
        # A file, not memory: threads and the lake's reader open connections of their own to it.
        ledger.setdefault("TEST", {})["NAME"] = str(settings.HOME.path / "test-ledger.sqlite3")
        # What a power cut would do to a test's ledger is of no interest; its thousands of commits are.
        pragmas = ledger["OPTIONS"]["init_command"]
        ledger["OPTIONS"]["init_command"] = pragmas.replace("synchronous=FULL", "synchronous=OFF")
    django.setup()


_own_the_settings()

for _name, _examples in (("quick", 25), ("long", 1_000)):
    hypothesis_settings.register_profile(
        _name,
        max_examples=_examples,
        derandomize=_name == "quick",
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
hypothesis_settings.load_profile(os.environ.get("FANGXIAN_HYPOTHESIS", "quick"))


# ------------------------------------------------------------------------------------ which tests run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="Run the tests marked long, and only these.")
    parser.addoption("--database", action="store_true", help="Run only the tests that use the database.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is not for this run is deselected, never skipped: a skip hides that something is missing."""
    wanted = [item for item in items if _wanted(item, config)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
    items[:] = sorted(wanted, key=_turn)


# Workers take files in turn. What a room's tests share (a city, a browser) is put away when a worker goes on
# to another room: so a room's files come one after another, and the rooms of the longest files first.
LONGEST = ("spark", "web", "access", "figures", "city", "doors")


def _turn(item: pytest.Item) -> int:
    room = item.path.parent.name
    return LONGEST.index(room) if room in LONGEST else len(LONGEST)


def _wanted(item: pytest.Item, config: pytest.Config) -> bool:
    if bool(item.get_closest_marker("long")) != config.getoption("--long"):
        return False
    if item.get_closest_marker("postgres"):
        return ON_POSTGRES
    if not config.getoption("--database"):
        return True
    # A browser sees the same pages on any database; what they ask of it is tested without one.
    once = item.get_closest_marker("once") or item.get_closest_marker("browser")
    return _uses_database(item) and not once


def _uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "django_db_setup"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures or item.get_closest_marker("django_db"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    report = yield
    if NO_SKIPS and report.skipped:
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome, report.longrepr = "failed", f"Skips are forbidden here (FANGXIAN_NO_SKIPS=1): {reason}"


# ------------------------------------------------------------------------------------------ fixtures


@pytest.fixture(scope="session")
def home() -> Home:
    """The session's data folder, with keys. Its ledger is the test database; its lake starts empty."""
    return current_home()


@pytest.fixture
def other_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A data folder of this test alone, with keys and nothing else; FANGXIAN_HOME names it meanwhile."""
    home = Home(tmp_path / "home").make()
    make_keys(home.keys, TEST_KEYS)
    monkeypatch.setenv("FANGXIAN_HOME", str(home.path))
    yield home


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    """A test's ledger is rolled back, so positions come again with other contents."""
    from django.conf import settings
    from django.utils import translation

    from fangxian.matching import waiting
    from fangxian.registry.tree import forget_trees

    translation.activate(settings.LANGUAGE_CODE)  # whatever a command of another test has spoken
    yield
    forget_trees()
    waiting.forget()
