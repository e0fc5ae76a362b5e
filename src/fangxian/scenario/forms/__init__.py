"""The XLSForms of the campaigns: written from `forms.toml` by `make.py`, published as they are."""

from pathlib import Path

FOLDER = Path(__file__).parent


def form_codes() -> list[str]:
    """The codes of all campaigns that have a form, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.xlsx"))


def form_bytes(code: str) -> bytes:
    """The XLSForm of a campaign. Raises FileNotFoundError where there is none."""
    return (FOLDER / f"{code}.xlsx").read_bytes()
