"""Files sealed at rest, named by a keyed digest of what they hold: equal files are one, and none is found
without the keys.

A file is sealed as it arrives, a megabyte at a time, so that one of any size costs the memory of one chunk.
Each chunk is AES-256-GCM under a fresh nonce; what is authenticated beside it is the file's random mark, the
chunk's number and whether it is the last, so that chunks cannot be swapped, dropped or taken elsewhere.
"""

import hashlib
import hmac
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag

from .problems import KeysChanged
from .secrets import Keyring, keyring, numbers_of, sync_folder

CHUNK = 2**20
_MARK, _NONCE = 16, 12


@dataclass(frozen=True, slots=True)
class Stored:
    """`digest`: 64 hex digits, the file's name in its folder."""

    digest: str
    size: int


class Sealing:
    """A file under way: written, finished, then kept or dropped."""

    def __init__(self, folder: Path, ring: Keyring | None = None) -> None:
        self._ring = ring or keyring()
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / f".{os.urandom(8).hex()}"
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._digest = hmac.new(self._ring.first_looking(), digestmod=hashlib.sha256)
        self._mark = os.urandom(_MARK)
        self._file.write(bytes([self._ring.number]) + self._mark)
        self._held = bytearray()
        self._number = self.size = 0
        self._name = ""

    def write(self, content: bytes | bytearray) -> None:
        self._digest.update(content)
        self.size += len(content)
        self._held += content
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def _seal(self, content: bytes, *, last: bool) -> None:
        nonce, beside = os.urandom(_NONCE), _beside(self._mark, self._number, last)
        sealed = self._ring.seal_chunk(nonce, content, beside)
        self._file.write(struct.pack("<I", len(sealed)) + nonce + sealed)
        self._number += 1

    def finish(self) -> Stored:
        """Once this returns, the file outlives a power cut; it has no name yet."""
        self._seal(bytes(self._held), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._name = self._ring.lifted(self._digest.hexdigest())
        return Stored(self._name, self.size)

    def keep(self) -> None:
        """Give it its name, durably. Under the head's lock, so that nobody drops what another keeps.

        Raises KeysChanged where its key was retired meanwhile.
        """
        if self._ring.number not in numbers_under(self._ring):
            raise KeysChanged()
        path = place(self._folder, self._name)
        if not path.exists():
            self.put(path)

    def put(self, path: Path) -> None:
        """There, durably, whatever was there."""
        path.parent.mkdir(mode=0o700, exist_ok=True)
        os.replace(self._path, path)
        for folder in (path.parent, self._folder):
            sync_folder(folder)

    def drop(self) -> None:
        """Leave nothing of a file that was not kept."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def sweep(folder: Path, *, before: float) -> None:
    """Drop what a process that was killed left unfinished before that moment (seconds since 1970)."""
    for path in folder.glob(".*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def place(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest


def open_sealed(path: Path, ring: Keyring | None = None) -> Iterator[bytes]:
    """What a sealed file holds, by chunks. Raises InvalidTag where it was changed or cut short."""
    ring = ring or keyring()
    with path.open("rb") as file:
        first = file.read(1 + _MARK)
        key, mark = first[0], first[1:]
        number, head = 0, file.read(4)
        if not head:
            raise InvalidTag
        while head:
            nonce, sealed = file.read(_NONCE), file.read(struct.unpack("<I", head)[0])
            head = file.read(4)
            yield ring.open_chunk(key, nonce, sealed, _beside(mark, number, not head))
            number += 1


def _beside(mark: bytes, number: int, last: bool) -> bytes:
    return mark + struct.pack("<Q?", number, last)


# ---- new keys ---------------------------------------------------------------------------------------


def numbers_under(ring: Keyring) -> tuple[int, ...]:
    """The numbers whose keys are there now, where the ring came from; its own, where it came from nowhere."""
    return numbers_of(ring.folder) if ring.folder is not None else (ring.number,)


def files_under_old_keys(folder: Path, ring: Keyring) -> Iterator[Path]:
    """Files that were kept and are not sealed under the newest key."""
    for path in sorted(folder.glob("??/*")):
        if number_of(path) != ring.number:
            yield path


def number_of(path: Path) -> int:
    """The number of the key under which a file is sealed; 0 where it is no longer there."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        return file.read(1)[0]
    return 0


def seal_anew(folder: Path, path: Path, name: str, ring: Keyring) -> None:
    """The file under the newest key, as `name` in the folder, durably; `path` stays, where it is another."""
    sealing = Sealing(folder, ring)
    try:
        for chunk in open_sealed(path, ring):
            sealing.write(chunk)
        sealing.finish()
        sealing.put(place(folder, name))
    finally:
        sealing.drop()
