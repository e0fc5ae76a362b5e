"""Forms that are ready to be taken, as they are or changed in Excel: written from `gallery.toml` by
`make.py`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
NOTICE = "notice"  # what acknowledges a notice; nobody takes it for a campaign of its own
ORDER = (
    "morning-check",
    "absence",
    "return-from-travel",
    "dormitory",
    "canteen",
    "disinfection",
    "training-institutions",
    "sports-venues",
    "pledge",
    "learning-at-home",
    "home-questionnaire",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A form of the gallery: what it is called, what is said above it, and how much it asks."""

    code: str
    title: dict[str, str]
    about: dict[str, str]
    questions: int


@cache
def entries() -> tuple[Entry, ...]:
    told = tomllib.loads((FOLDER / "gallery.toml").read_text("utf-8"))
    return tuple(
        Entry(code, told[code]["title"], told[code].get("about", {}), len(told[code]["asks"]))
        for code in ORDER
    )


def form_bytes(code: str) -> bytes:
    """The XLSForm of an entry. Raises FileNotFoundError where there is none."""
    if code not in (*ORDER, NOTICE):
        raise FileNotFoundError(code)
    return (FOLDER / f"{code}.xlsx").read_bytes()
