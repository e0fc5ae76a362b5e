"""Puts keyed numbers in the place of people, households and texts that people choose."""

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fangxian.kernel.secrets import Keyring

from .sources import ARROW, Column


def shape(table: pa.Table, columns: tuple[Column, ...], ring: Keyring) -> pa.Table:
    """The rows as the lake holds them: typed, under surrogates, without what is not a code."""
    arrays: dict[str, Any] = {}
    for column in columns:
        values = table[column.name]
        if column.surrogate:
            values = _surrogates(values, column.surrogate, arrays, ring)
        if column.type == "day":
            values = values.cast(pa.int32())
        values = values.cast(ARROW[column.type])
        arrays[column.name] = _codes_alone(values, column)
    return pa.table(arrays)


def _surrogates(values: Any, kind: str, arrays: dict[str, Any], ring: Keyring) -> Any:
    if kind == "token":
        return tokens(values, ring)
    if kind in ("person", "household"):
        return _keyed(values, kind, ring)
    about = arrays[kind]
    for each in ("person", "household"):
        here = pc.equal(about, each)
        if pc.any(here).as_py():
            values = pc.if_else(here, _keyed(values, each, ring), values.cast(pa.int64()))
    return values


def _keyed(values: Any, kind: str, ring: Keyring) -> Any:
    """int64 surrogates; null where the ledger has none."""
    whole = _whole(values.cast(pa.int64()))
    ids = whole.fill_null(0).to_numpy(zero_copy_only=False)
    return pa.array(ring.surrogates(kind, ids), mask=whole.is_null().to_numpy(zero_copy_only=False))


def tokens(values: Any, ring: Keyring) -> Any:
    """int64 numbers, alike for like texts; null for the empty one. BLAKE2b keyed, its first 63 bits."""
    coded = _whole(values.cast(pa.string())).dictionary_encode()
    texts = coded.dictionary.to_pylist()
    keyed = hashlib.blake2b(digest_size=8, key=ring.laking, person=b"lake-token")
    digests = np.frombuffer(b"".join(_digest(keyed, text) for text in texts), dtype="<u8")
    numbers = pa.array(
        (digests >> np.uint64(1)).astype("<i8"), mask=np.array([not text for text in texts], bool)
    )
    return numbers.take(coded.indices)


def _digest(keyed: Any, text: str) -> bytes:
    started = keyed.copy()  # half the cost of a new one
    started.update(text.encode())
    return bytes(started.digest())


def _codes_alone(values: Any, column: Column) -> Any:
    if column.codes:
        fits = pc.is_in(values, pa.array(sorted(column.codes), pa.string()))
    elif column.shape:
        fits = pc.match_substring_regex(values, column.shape)
    else:
        return values
    return pc.if_else(pc.fill_null(fits, True), values, pa.scalar(column.other, pa.string()))


def _whole(values: Any) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
