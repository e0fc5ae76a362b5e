"""The roles, as `roles.toml` tells them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import get_language


@dataclass(frozen=True, slots=True)
class Role:
    code: str
    zh: str
    en: str
    units: tuple[str, ...]  # kinds of unit over which it is granted

    @property
    def name(self) -> str:
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


@cache
def roles() -> dict[str, Role]:
    told = tomllib.loads((Path(__file__).parent / "roles.toml").read_text("utf-8"))
    return {code: Role(code, row["zh"], row["en"], tuple(row["units"])) for code, row in told.items()}
