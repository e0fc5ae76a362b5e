"""The tests never touch a real data folder, and what they change of the settings is what they say."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings

from fangxian.kernel.home import Home, current_home
from fangxian.kernel.secrets import keyring


def test_the_tests_have_a_data_folder_of_their_own(home: Home) -> None:
    assert settings.HOME == home == current_home()
    assert Path(tempfile.gettempdir()) in home.path.parents
    assert keyring().laking == bytes(range(64, 96))


def test_another_home_is_empty_but_for_its_keys(other_home: Home, home: Home) -> None:
    assert current_home() == other_home != home
    assert not other_home.ledger.exists()
    assert keyring().number == 1


def test_an_acknowledged_record_survives_a_power_cut_outside_the_tests(tmp_path: Path) -> None:
    """A fresh process, as an office runs it: WAL, full synchronisation, foreign keys."""
    code = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "ask = connection.cursor().execute\n"
        "print([ask('PRAGMA ' + p).fetchone()[0] for p in ('journal_mode', 'synchronous', 'foreign_keys')])"
    )
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("FANGXIAN")}
    environment = {**inherited, "FANGXIAN_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "fangxian.settings"}
    said = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True, timeout=60)
    assert said.strip() == "['wal', 2, 1]"
