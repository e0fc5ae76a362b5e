"""The data folder: ledger, lake, keys. Its files are their owner's alone."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """Where one installation keeps its data (`--home`, `FANGXIAN_HOME`; default `./var`)."""

    path: Path

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.sqlite3"

    @property
    def lake(self) -> Path:
        return self.path / "lake"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def bulletins(self) -> Path:
        return self.path / "bulletins"

    @property
    def days(self) -> Path:
        """What was counted as of the ends of past days; made anew where it is gone."""
        return self.path / "days"

    @property
    def attachments(self) -> Path:
        return self.path / "attachments"

    def make(self) -> "Home":
        for folder in (self.path, self.lake, self.keys, self.bulletins):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self


def current_home() -> Home:
    return Home(Path(os.environ.get("FANGXIAN_HOME", "var")).absolute())
