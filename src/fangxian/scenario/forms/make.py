"""Writes the XLSForms from `forms.toml`: `python -m fangxian.scenario.forms.make`. Always the same bytes."""

from typing import Any

from fangxian.submissions.gallery import make
from fangxian.submissions.gallery.make import write_form

from . import FOLDER, SHARED

__all__ = ["read_forms", "write_form"]


def read_forms() -> dict[str, dict[str, Any]]:
    """The city's forms by code: its own, and those that it takes from the gallery as they are."""
    gallery = make.read_forms()
    return make.read_forms(FOLDER / "forms.toml") | {code: gallery[code] for code in SHARED}


def main() -> None:
    for code, form in make.read_forms(FOLDER / "forms.toml").items():
        (FOLDER / f"{code}.xlsx").write_bytes(write_form(code, form))


if __name__ == "__main__":
    main()
