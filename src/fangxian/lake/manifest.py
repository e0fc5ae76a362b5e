"""The one file that says which files are the lake. Readers take files from it alone."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .problems import LakeBroken, LakeMissing
from .sources import Columns

FORMAT = 1
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class File:
    """One immutable Parquet file. `schema` is an index into its dataset's `schemas`; `day` is an ISO day
    in datasets partitioned by day; `ends` holds (row, recorded_until) of rows in other files."""

    path: str
    rows: int
    size: int
    sha256: str
    schema: int = 0
    day: str = ""
    ends: bool = False


@dataclass(slots=True)
class Dataset:
    schemas: list[Columns] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    unreadable: int = 0  # answers that were not of their question's type, and are null here

    def data(self) -> list[File]:
        return [file for file in self.files if not file.ends]

    def ends(self) -> list[File]:
        return [file for file in self.files if file.ends]

    def columns(self) -> Columns:
        """Those of the latest schema: schemas only grow."""
        return self.schemas[-1] if self.schemas else []

    def rows(self) -> int:
        return sum(file.rows for file in self.data())


@dataclass(slots=True)
class Manifest:
    """`position` of the change log up to which the lake mirrors the ledger, and its moment (ms UTC).
    `ledger` and `keys` tell the ledger and the keys that it was made from. `retired` files are listed no
    longer, and deleted some generations after theirs."""

    generation: int = 0
    position: int = 0
    known_at: int = 0
    ledger: list[Any] = field(default_factory=list)
    keys: str = ""
    datasets: dict[str, Dataset] = field(default_factory=dict)
    retired: list[tuple[int, str]] = field(default_factory=list)
    sheets: Columns = field(default_factory=list)  # the columns that all forms share

    def files(self) -> Iterator[File]:
        for dataset in self.datasets.values():
            yield from dataset.files


def load(lake: Path, *, look_at_files: bool = True) -> Manifest:
    """The manifest, after a look that each file is there at its size. Raises LakeMissing, LakeBroken."""
    try:
        manifest = _read(json.loads((lake / NAME).read_text("utf-8")))
    except FileNotFoundError as error:
        raise LakeMissing() from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LakeBroken(file=NAME, reason="unreadable") from error
    for file in manifest.files() if look_at_files else ():
        look(lake, file)
    return manifest


def look(lake: Path, file: File) -> None:
    """Raises LakeBroken where the file is absent or has another size than it was written with."""
    try:
        size = os.stat(f"{lake}/{file.path}").st_size
    except FileNotFoundError as error:
        raise LakeBroken(file=file.path, reason="missing") from error
    if size != file.size:
        raise LakeBroken(file=file.path, reason="cut short")


def _read(text: dict[str, Any]) -> Manifest:
    if text.pop("format") != FORMAT:
        raise KeyError("format")
    datasets = {
        name: Dataset(
            schemas=[[(column, kind) for column, kind in schema] for schema in entry["schemas"]],
            files=[File(**file) for file in entry["files"]],
            unreadable=entry["unreadable"],
        )
        for name, entry in text.pop("datasets").items()
    }
    retired = [(generation, path) for generation, path in text.pop("retired")]
    sheets = [(name, kind) for name, kind in text.pop("sheets")]
    return Manifest(**text, datasets=datasets, retired=retired, sheets=sheets)


def dump(manifest: Manifest) -> bytes:
    return json.dumps({"format": FORMAT, **asdict(manifest)}, separators=(",", ":")).encode()
