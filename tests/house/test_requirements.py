"""What is installed is named with hashes and comes from whatever registry a machine is set up with."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = ("base", "test", "bench", "spark")
HOSTS = re.compile(r"https?:|--(extra-)?index|--find-links|--trusted|@\s*file:")


def names(path: Path) -> set[str]:
    """The packages that a list names, as registries spell them."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


@pytest.mark.parametrize("name", LISTS)
def test_every_package_has_its_hash_and_one_version(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert packages
    assert [e for e in packages if not re.match(r"\S+==\S+", e) or "--hash=sha256:" not in e] == []


@pytest.mark.parametrize("name", LISTS)
def test_what_is_wanted_is_locked(name: str) -> None:
    folder = ROOT / "requirements"
    assert names(folder / f"{name}.in") <= names(folder / f"{name}.txt")


@pytest.mark.parametrize(
    "path", ["Makefile", ".ci/run", *(f"requirements/{n}.{e}" for n in LISTS for e in ("in", "txt"))]
)
def test_no_file_of_the_build_names_a_registry(path: str) -> None:
    assert HOSTS.findall((ROOT / path).read_text(encoding="utf-8")) == []


def test_what_users_install_holds_nothing_of_tests_spark_or_benchmarks() -> None:
    base = names(ROOT / "requirements" / "base.txt")
    assert base.isdisjoint(
        {"pytest", "hypothesis", "mypy", "ruff", "pyspark", "psutil", "playwright", "pymupdf"}
    )
