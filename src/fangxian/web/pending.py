"""Files that were handed in and are not confirmed yet: sealed in the data folder, dropped after a day.

A readable copy lies in a folder of its owner's alone for as long as the importer reads it.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from fangxian.kernel.home import current_home
from fangxian.kernel.sealed_files import Sealing, open_sealed, place, sweep

from .problems import UploadGone

KEPT = 24 * 3600  # seconds
_SALT = "fangxian.pending"


@dataclass(frozen=True, slots=True)
class Pending:
    """`about`: what it was handed in as, and by whom."""

    digest: str
    name: str
    about: str

    @property
    def token(self) -> str:
        return signing.dumps([self.digest, self.name, self.about], salt=_SALT)


def folder() -> Path:
    return current_home().path / "pending"


def take(upload: UploadedFile, about: str) -> Pending:
    _drop_old(folder())
    sealing = Sealing(folder())
    try:
        for chunk in upload.chunks():
            sealing.write(chunk)
        stored = sealing.finish()
        sealing.keep()
    finally:
        sealing.drop()
    return Pending(stored.digest, Path(upload.name or "").name[-200:], about)


def pending(token: str, about: str) -> Pending:
    """Raises UploadGone where it is none of this visitor's, or no longer there."""
    try:
        told: Any = signing.loads(token, salt=_SALT, max_age=KEPT)
    except signing.BadSignature as error:
        raise UploadGone() from error
    found = Pending(*told)
    if found.about != about or not place(folder(), found.digest).exists():
        raise UploadGone()
    return found


@contextmanager
def readable(file: Pending) -> Iterator[Path]:
    """The file under its own name, for as long as it is read."""
    reading = Path(tempfile.mkdtemp(prefix="reading-", dir=folder()))
    try:
        path = reading / file.name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            for chunk in open_sealed(place(folder(), file.digest)):
                copy.write(chunk)
        yield path
    finally:
        shutil.rmtree(reading, ignore_errors=True)


def drop(file: Pending) -> None:
    place(folder(), file.digest).unlink(missing_ok=True)


def _drop_old(folder: Path) -> None:
    before = time.time() - KEPT
    sweep(folder, before=before)
    for path in folder.glob("??/*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
    for path in folder.glob("reading-*"):
        if path.stat().st_mtime < before:
            shutil.rmtree(path, ignore_errors=True)
