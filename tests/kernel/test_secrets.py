"""Secrets are sealed, found again by equal digests, and stand behind keyed surrogates."""

import gc
import stat
import weakref
from pathlib import Path

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from fangxian.kernel.problems import KeysMissing
from fangxian.kernel.secrets import Keyring, add_keys, keyring, make_keys

RING = Keyring(bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96)))
OTHER = Keyring(bytes(32), bytes(32), bytes(32))


@given(st.text(max_size=40))
def test_what_is_sealed_opens_again_and_never_looks_alike(value: str) -> None:
    once, again = RING.seal(value), RING.seal(value)
    assert RING.open(once) == RING.open(again) == value
    assert once != again
    assert once[0] == RING.number


def test_a_sealed_value_does_not_hold_the_value() -> None:
    assert b"10012345678" not in RING.seal("10012345678")


@given(st.integers(1, 60))
def test_one_changed_byte_is_noticed(place: int) -> None:
    sealed = bytearray(RING.seal("990001198001010011"))
    sealed[1 + place % (len(sealed) - 1)] ^= 1
    with pytest.raises(InvalidTag):
        RING.open(bytes(sealed))


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(InvalidTag):
        OTHER.open(RING.seal("10012345678"))


@given(st.text(max_size=20), st.text(max_size=20))
def test_digests_are_equal_for_equal_values_alone(one: str, other: str) -> None:
    assert (RING.digest(one) == RING.digest(other)) == (one == other)
    assert len(RING.digest(one)) == 32


def test_digests_are_keyed() -> None:
    assert RING.digest("10012345678") != OTHER.digest("10012345678")


@given(st.lists(st.integers(1, 2**62), min_size=1, max_size=50, unique=True))
def test_surrogates_are_alike_in_any_company_and_distinct(ids: list[int]) -> None:
    together = RING.surrogates("person", ids)
    alone = np.concatenate([RING.surrogates("person", [i]) for i in ids])
    assert together.dtype == np.int64
    assert (together >= 0).all()
    assert (together == alone).all()
    assert len(set(together.tolist())) == len(ids)


def test_surrogates_do_not_collide_at_the_size_of_a_city() -> None:
    people, households = (RING.surrogates(kind, np.arange(1, 300_001)) for kind in ("person", "household"))
    assert len(np.unique(np.concatenate([people, households]))) == 600_000


def test_surrogates_are_keyed_and_of_their_kind() -> None:
    assert RING.surrogates("person", [1]) != OTHER.surrogates("person", [1])
    assert RING.surrogates("person", [1]) != RING.surrogates("household", [1])
    with pytest.raises(KeyError):
        RING.surrogates("unit", [1])


def test_keys_are_their_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys")
    written = (tmp_path / "keys" / "keys.1").read_bytes()
    make_keys(tmp_path / "keys")
    assert (tmp_path / "keys" / "keys.1").read_bytes() == written
    assert len(written) == 96
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "keys.1").stat().st_mode) == 0o600


def test_two_data_folders_have_different_keys(tmp_path: Path) -> None:
    for name in ("one", "other"):
        make_keys(tmp_path / name)
    assert keyring(tmp_path / "one").digest("10012345678") != keyring(tmp_path / "other").digest(
        "10012345678"
    )


@pytest.mark.parametrize("material", [None, b"", bytes(95)])
def test_missing_or_cut_keys_are_said_so(tmp_path: Path, material: bytes | None) -> None:
    if material is not None:
        (tmp_path / "keys.1").write_bytes(material)
    with pytest.raises(KeysMissing) as refused:
        keyring(tmp_path)
    assert str(tmp_path) in refused.value.sentence()


def test_a_key_that_another_process_retired_is_let_go_of(tmp_path: Path) -> None:
    make_keys(tmp_path)
    sealed = keyring(tmp_path).seal("13900000001")
    add_keys(tmp_path)
    old = weakref.ref(keyring(tmp_path))
    assert keyring(tmp_path).open(sealed) == "13900000001"
    (tmp_path / "keys.1").unlink()  # as `retire_keys` does elsewhere
    with pytest.raises(KeysMissing):
        keyring(tmp_path).open(sealed)
    gc.collect()
    assert old() is None
