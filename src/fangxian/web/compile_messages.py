"""Compile the catalogues of texts (.po to .mo) with Babel: `python -m fangxian.web.compile_messages`.

It is part of the installation, so it wants no gettext on the machine. Compiled files are not kept in git.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parents[1] / "locale"


def catalogues(folder: Path = LOCALE) -> Iterator[Path]:
    return iter(sorted(folder.glob("*/LC_MESSAGES/django.po")))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def compile_all(folder: Path = LOCALE) -> list[Path]:
    """The .mo files written, each beside its .po file, whole or not at all."""
    return [_compile(path) for path in catalogues(folder)]


def _compile(path: Path) -> Path:
    target = path.with_suffix(".mo")
    unfinished = target.with_suffix(".mo.new")
    with unfinished.open("wb") as file:
        write_mo(file, read(path))
    unfinished.replace(target)
    return target


if __name__ == "__main__":
    sys.stdout.writelines(f"{path}\n" for path in compile_all())
