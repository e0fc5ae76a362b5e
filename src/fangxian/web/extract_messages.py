"""Gather all texts of the package into the catalogues: `python -m fangxian.web.extract_messages`.

For developers. Texts come from Python, from templates, and from what is declared as data: definitions of
figures are their docstrings. What is translated stays; what is new is empty, what is gone is dropped.
"""

import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from .compile_messages import LOCALE, catalogues, read

PACKAGE = Path(__file__).parents[1]
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_VOLATILE = re.compile(rb'^"(POT-C|PO-R|Report-M|Last-T|Generated-B)[^:]*: .*\n', re.MULTILINE)
_LEADING = re.compile(r"^[ \t]+", re.MULTILINE)


def gather() -> Catalog:
    """All texts, with the places where they stand (files without lines, so that catalogues stay calm)."""
    found = Catalog(charset="utf-8")
    for path in sorted(PACKAGE.rglob("*.py")):
        _add(found, path, path.read_bytes())
    for path in sorted(PACKAGE.rglob("templates/**/*.html")):
        _add(found, path, _as_python(path))
    for text, place in definitions():
        found.add(text, locations=[(place, 0)])
    return found


def _add(found: Catalog, path: Path, content: bytes) -> None:
    place = path.relative_to(PACKAGE.parent).as_posix()
    for _line, message, comments, context in extract("python", io.BytesIO(content), keywords=KEYWORDS):
        flags = ["python-brace-format"] if re.search(r"\{\w+\}", str(message)) else []
        found.add(message, locations=[(place, 0)], auto_comments=comments, context=context, flags=flags)


def _as_python(path: Path) -> bytes:
    """Django turns a template into calls of gettext among blanked out text. Its lines begin anywhere, which
    Python does not allow."""
    from django.utils.translation.template import templatize

    return _LEADING.sub("", templatize(path.read_text("utf-8"), origin=str(path))).encode()


def definitions() -> Iterator[tuple[str, str]]:
    """What is shown of figures: their definitions are docstrings."""
    from fangxian.figures import coverage
    from fangxian.figures.catalogue import CATALOGUE

    for figure in CATALOGUE.values():
        yield figure.definition, "fangxian/figures/catalogue.py"
    yield coverage.DEFINITION, "fangxian/figures/coverage.py"
    yield coverage.VOLUNTARY, "fangxian/figures/coverage.py"


def update(path: Path, found: Catalog) -> Catalog:
    """The catalogue at `path` with what was found: translations kept, nothing guessed."""
    catalogue = read(path)
    catalogue.update(found, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    return catalogue


def write(path: Path, catalogue: Catalog) -> None:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, include_lineno=False, sort_output=True, ignore_obsolete=True)
    text = re.sub(_VOLATILE, b"", buffer.getvalue())
    path.write_bytes(text)


def missing(catalogue: Catalog) -> list[str]:
    """Texts without a translation, or with an uncertain one."""
    return [str(m.id) for m in catalogue if m.id and (m.fuzzy or not all(_strings(m.string)))]


def _strings(string: Any) -> tuple[str, ...]:
    return tuple(string) if isinstance(string, tuple | list) else (string,)


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fangxian.settings")
    django.setup()
    found = gather()
    for path in catalogues(LOCALE):
        catalogue = update(path, found)
        write(path, catalogue)
        sys.stdout.write(f"{path}: {len(catalogue)} texts, {len(missing(catalogue))} to translate\n")


if __name__ == "__main__":
    main()
