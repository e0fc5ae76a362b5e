"""The XLSForms of the campaigns: written from `forms.toml` by `make.py`, published as they are. What an
office may use at any time lies in the gallery (`submissions/gallery`), and is taken from there."""

from pathlib import Path

from fangxian.submissions import gallery

FOLDER = Path(__file__).parent
SHARED = ("pledge", "disinfection", "training-institutions", "sports-venues", "learning-at-home")


def form_codes() -> list[str]:
    """The codes of all campaigns that have a form, in alphabetical order."""
    return sorted({path.stem for path in FOLDER.glob("*.xlsx")}.union(SHARED))


def form_bytes(code: str) -> bytes:
    """The XLSForm of a campaign. Raises FileNotFoundError where there is none."""
    return gallery.form_bytes(code) if code in SHARED else (FOLDER / f"{code}.xlsx").read_bytes()
