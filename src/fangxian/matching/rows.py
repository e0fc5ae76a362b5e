"""What an office wrote in a row: fields by name, sealed at rest as one, compared by digests."""

import json
from collections.abc import Iterable, Mapping

from fangxian.kernel.secrets import Keyring
from fangxian.registry.importing.columns import LIST
from fangxian.registry.importing.result import Row as Read

FIELDS = tuple(column.field for column in LIST)
EVIDENCE = ("name", "sex", "id_number", "phone", "birth", "town", "address")  # what matching compares

Fields = Mapping[str, str]


def fields_of(row: Read) -> dict[str, str]:
    """Those that are not blank."""
    return {field: value for field, value in zip(FIELDS, row.values, strict=True) if value}


def seal(fields: Fields, ring: Keyring) -> bytes:
    return ring.seal(json.dumps(dict(fields), ensure_ascii=False, sort_keys=True))


def unseal(sealed: bytes | memoryview, ring: Keyring) -> dict[str, str]:
    found: dict[str, str] = json.loads(ring.open(bytes(sealed)))
    return found


def digest_of(fields: Fields, ring: Keyring, only: Iterable[str] = ()) -> str:
    """Alike for equal fields; of `only` these, where given."""
    chosen = {field: fields[field] for field in only or fields if fields.get(field)}
    return ring.digest(json.dumps(chosen, ensure_ascii=False, sort_keys=True))


def differing(one: Fields, other: Fields) -> list[str]:
    """Fields that are not alike, in the order of the columns."""
    known = [*FIELDS, *sorted((one.keys() | other.keys()) - set(FIELDS))]
    return [field for field in known if one.get(field, "") != other.get(field, "")]
