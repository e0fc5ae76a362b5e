"""A skip fails where skips are forbidden: what was left out must not look like what passed."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = {
    "in_a_test": "import pytest\ndef test_it():\n    pytest.skip('not here: in a test')\n",
    "by_a_mark": "import pytest\n@pytest.mark.skipif(True, reason='not here: a mark')\ndef test_it(): ...\n",
    "of_a_module": "import pytest\npytest.importorskip('no_such_module', reason='not here: a module')\n",
    "expected": "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n",
    "passing": "def test_it(): ...\n",
}
ITS_OWN = ("FANGXIAN", "PYTEST", "DJANGO", "CI", "BUILD_NUMBER")  # with the last two the summary is longer


def run_pytest(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """FILES as tests, under a copy of the project's own conftest."""
    for name, source in FILES.items():
        (folder / f"test_{name}.py").write_text(source)
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder)]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(ITS_OWN)}
    return subprocess.run(
        [*command, "--continue-on-collection-errors", str(folder)],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_skips_fail_where_they_are_forbidden_and_expected_failures_do_not(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, FANGXIAN_NO_SKIPS="1")
    assert done.returncode != 0
    assert done.stdout.count("Skips are forbidden here") == 3
    for reason in ("not here: in a test", "not here: a mark", "not here: a module"):
        assert reason in done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]
    assert "1 xfailed" in done.stdout


def test_skips_are_skips_elsewhere(tmp_path: Path) -> None:
    done = run_pytest(tmp_path)
    assert done.returncode == 0
    assert "1 passed, 3 skipped, 1 xfailed" in done.stdout
