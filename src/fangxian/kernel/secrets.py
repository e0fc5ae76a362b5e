"""Secret fields (ID numbers, phones): sealed at rest, found again by a keyed hash.

Sealing is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the digest is HMAC-SHA-256, its
first 128 bits. A sealed value starts with the number of its key, so that keys can be rotated. The lake's
surrogate ids are the first 63 bits of AES-256 over (kind, id): keyed, alike at each rebuild, made in bulk.
"""

import hmac
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .home import current_home
from .problems import KeysMissing

SURROGATE_KINDS = {"person": 1, "household": 2}
_NONCE = 12


@dataclass(frozen=True)
class Keyring:
    """The keys of one data folder: `seal` and `look` for secrets, `lake` for surrogates."""

    sealing: bytes
    looking: bytes
    laking: bytes
    number: int = 1

    def seal(self, value: str) -> bytes:
        return self.seal_bytes(value.encode())

    def open(self, sealed: bytes) -> str:
        return self.open_bytes(sealed).decode()

    def seal_bytes(self, value: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return bytes([self.number]) + nonce + _aead(self.sealing).encrypt(nonce, value, None)

    def open_bytes(self, sealed: bytes | memoryview) -> bytes:
        sealed = bytes(sealed)
        return _aead(self.sealing).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], None)

    def seal_chunk(self, nonce: bytes, content: bytes, beside: bytes) -> bytes:
        """For `sealed_files`: `beside` is authenticated, not sealed."""
        return _aead(self.sealing).encrypt(nonce, content, beside)

    def open_chunk(self, nonce: bytes, sealed: bytes, beside: bytes) -> bytes:
        return _aead(self.sealing).decrypt(nonce, sealed, beside)

    def digest(self, value: str) -> str:
        """For exact look-up only: equal values have equal digests under one keyring."""
        return hmac.digest(self.looking, value.encode(), "sha256")[:16].hex()

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


@cache
def _read(path: Path) -> Keyring:
    material = path.read_bytes()
    if len(material) != 96:
        raise KeysMissing(path=str(path))
    return Keyring(material[:32], material[32:64], material[64:])


def keyring(folder: Path | None = None) -> Keyring:
    """The keyring of the data folder; KeysMissing where it has none (see `make_keys`)."""
    path = (folder or current_home().keys) / "keys.1"
    if not path.exists():
        raise KeysMissing(path=str(path))
    return _read(path)


def make_keys(folder: Path, material: bytes | None = None) -> None:
    """Write fresh keys, unless there are some. Keys that exist are never overwritten."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(folder / "keys.1", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(material or os.urandom(96))


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
