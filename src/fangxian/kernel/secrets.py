"""Secret fields (ID numbers, phones): sealed at rest, found again by a keyed hash.

Sealing is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the digest is HMAC-SHA-256, its
first 128 bits. A sealed value starts with the number of its key, so that keys can be rotated. The lake's
surrogate ids are the first 63 bits of AES-256 over (kind, id): keyed, alike at each rebuild, made in bulk.

Keys are numbered; `rekeying` brings what is kept from one number to the next. A number's digest is the one
before, hashed again under its own key: so a stored digest is lifted without the value that it is of, and
whoever has an old key alone can try nothing out. Each file of keys is whole: its number's sealing key and
looking key, the lake's, and the looking keys of all numbers before. A sealing key is gone with its file.
"""

import hmac
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .home import current_home
from .problems import KeysMissing, KeysUsedUp

SURROGATE_KINDS = {"person": 1, "household": 2}
LAST = 255  # a sealed value has one byte for the number of its key
_NONCE = 12
_FILE = re.compile(r"keys\.([1-9][0-9]{0,2})\Z")


@dataclass(frozen=True)
class Keyring:
    """The keys of one data folder: `sealing` and `looking` of the newest `number`, `laking` for surrogates.

    `earlier` are the looking keys of the numbers before, in order; `retiring` the (number, sealing key) of
    those whose file is still there, the oldest first.
    """

    sealing: bytes
    looking: bytes
    laking: bytes
    number: int = 1
    earlier: tuple[bytes, ...] = ()
    retiring: tuple[tuple[int, bytes], ...] = ()
    folder: Path | None = None

    def seal(self, value: str) -> bytes:
        return self.seal_bytes(value.encode())

    def open(self, sealed: bytes) -> str:
        return self.open_bytes(sealed).decode()

    def seal_bytes(self, value: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return bytes([self.number]) + nonce + _aead(self.sealing).encrypt(nonce, value, None)

    def open_bytes(self, sealed: bytes | memoryview) -> bytes:
        sealed = bytes(sealed)
        key = self._sealed_by(sealed[0])
        return _aead(key).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], None)

    def seal_chunk(self, nonce: bytes, content: bytes, beside: bytes) -> bytes:
        """For `sealed_files`: `beside` is authenticated, not sealed."""
        return _aead(self.sealing).encrypt(nonce, content, beside)

    def open_chunk(self, number: int, nonce: bytes, sealed: bytes, beside: bytes) -> bytes:
        return _aead(self._sealed_by(number)).decrypt(nonce, sealed, beside)

    def _sealed_by(self, number: int) -> bytes:
        """The sealing key of this number; one that came after this ring was taken is read now."""
        if number == self.number:
            return self.sealing
        found = dict(self.retiring).get(number)
        if found is not None:
            return found
        if self.folder is not None:
            newest = keyring(self.folder)
            held = {**dict(newest.retiring), newest.number: newest.sealing}
            if number in held:
                return held[number]
        raise KeysMissing(path=f"{self.folder or current_home().keys}/keys.{number}")

    def digest(self, value: str) -> str:
        """For exact look-up only: equal values have equal digests under one keyring."""
        return self.lifted(self.first_digest(value))

    def digests(self, value: str) -> list[str]:
        """All that may stand for the value in the ledger now, the newest first: while keys are rotated, those
        of the numbers that are not retired yet."""
        oldest = self.retiring[0][0] if self.retiring else self.number
        told = self.lifted(self.first_digest(value), until=oldest)
        found = [told]
        for number in range(oldest, self.number):
            told = self.lifted(told, since=number, until=number + 1)
            found.insert(0, told)
        return found

    def first_digest(self, value: str) -> str:
        """Under the first number's key: alike for ever. To be compared in memory, or lifted and kept."""
        return hmac.digest(self._looking(1), value.encode(), "sha256")[:16].hex()

    def lifted(self, digest: str, since: int = 1, until: int | None = None) -> str:
        """A digest of number `since` as of number `until`; the newest, where none is said."""
        for number in range(since + 1, (self.number if until is None else until) + 1):
            told = bytes.fromhex(digest)
            digest = hmac.digest(self._looking(number), told, "sha256")[: len(told)].hex()
        return digest

    def alike(self, one: str, other: str) -> bool:
        """Whether two digests, each of the newest number or of one that is not retired, are of one value."""
        oldest = self.retiring[0][0] if self.retiring else self.number
        return any(
            self.lifted(low, since=number) == high
            for number in range(oldest, self.number + 1)
            for low, high in ((one, other), (other, one))
        )

    def first_looking(self) -> bytes:
        """The key of `first_digest`, for what is hashed as it arrives."""
        return self._looking(1)

    def _looking(self, number: int) -> bytes:
        return self.looking if number == self.number else self.earlier[number - 1]

    def surrogates(self, kind: str, ids: Iterable[int] | np.ndarray) -> np.ndarray:
        """int64[n], non-negative. Collisions are refused by the ledger's unique index."""
        ids = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), dtype="<i8")
        blocks = np.empty((len(ids), 2), dtype="<i8")
        blocks[:, 0], blocks[:, 1] = SURROGATE_KINDS[kind], ids
        # Single distinct blocks under ECB: a pseudorandom permutation cut short, not a message.
        encryptor = Cipher(algorithms.AES(self.laking), modes.ECB()).encryptor()  # noqa: S305
        sealed = np.frombuffer(encryptor.update(blocks.tobytes()), dtype="<i8").reshape(-1, 2)
        surrogates: np.ndarray = sealed[:, 0] & np.int64(0x7FFFFFFFFFFFFFFF)
        return surrogates


@cache
def _aead(key: bytes) -> AESGCM:
    return AESGCM(key)


@lru_cache(maxsize=1)
def _read(folder: Path, numbers: tuple[int, ...]) -> Keyring:
    """The last one alone is remembered: a key that was retired, by whichever process, is let go of here as
    soon as anything is sealed, opened or looked up again."""
    _aead.cache_clear()
    older, number = numbers[:-1], numbers[-1]
    path = folder / f"keys.{number}"
    told = path.read_bytes()
    if len(told) != 96 + 32 * (number - 1):
        raise KeysMissing(path=str(path))
    earlier = tuple(told[at : at + 32] for at in range(96, len(told), 32))
    retiring = tuple((old, (folder / f"keys.{old}").read_bytes()[:32]) for old in older)
    return Keyring(told[:32], told[32:64], told[64:96], number, earlier, retiring, folder)


def numbers_of(folder: Path) -> tuple[int, ...]:
    """The numbers whose keys lie in the folder, the newest last: more than one while keys are rotated."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return ()
    return tuple(sorted(int(found[1]) for found in map(_FILE.match, names) if found))


def keyring(folder: Path | None = None) -> Keyring:
    """The keyring of the data folder as it is now; KeysMissing where it has none (see `make_keys`).

    Whoever writes takes it within `changes.recording`: under the lock no key is retired.
    """
    folder = folder or current_home().keys
    for _again in range(3):  # a key may be retired between the look at the folder and the reading
        numbers = numbers_of(folder)
        if not numbers:
            break
        with suppress(FileNotFoundError):
            return _read(folder, numbers)
    raise KeysMissing(path=str(folder / "keys.1"))


def make_keys(folder: Path, material: bytes | None = None) -> None:
    """Write fresh keys, unless there are some. Keys that exist are never overwritten."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not numbers_of(folder):
        _write(folder, 1, material or os.urandom(96))


def add_keys(folder: Path) -> int:
    """Write the keys that follow the newest, durably; their number. Raises KeysMissing, KeysUsedUp."""
    ring = keyring(folder)
    number = ring.number + 1
    if number > LAST:
        raise KeysUsedUp(last=LAST)
    _write(folder, number, os.urandom(64) + ring.laking + b"".join((*ring.earlier, ring.looking)))
    return number


def retire_keys(folder: Path) -> None:
    """Delete the keys of all numbers but the newest; nothing sealed under them opens again."""
    for number in numbers_of(folder)[:-1]:
        (folder / f"keys.{number}").unlink(missing_ok=True)
    sync_folder(folder)
    _read.cache_clear()
    _aead.cache_clear()


def _write(folder: Path, number: int, material: bytes) -> None:
    """Whole or not at all, and there after a power cut."""
    unfinished = folder / f".keys.{os.getpid()}"
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(material)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):  # another process was first: its keys are the keys
        os.link(unfinished, folder / f"keys.{number}")
    unfinished.unlink()
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """What was named or unnamed in it stays so after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def own_key(name: str, folder: Path | None = None) -> str:
    """A secret of this installation alone (hex of 256 bits), made when it is first asked for."""
    folder = folder or current_home().keys
    path = folder / f"{name}.1"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = folder / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(os.urandom(32).hex())
        with suppress(FileExistsError):  # another process was first: its key is the key
            os.link(unfinished, path)
        unfinished.unlink()
    return path.read_text()
