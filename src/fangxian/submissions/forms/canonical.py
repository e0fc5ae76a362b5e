"""One text for equal answers, so that the same content has the same hash whoever sends it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def canonical(answers: Mapping[str, Any]) -> str:
    """Canonical JSON: keys sorted, no spaces, letters as they are, whole numbers without a fraction.

    What is no number (NaN) has a text too: sheets are hashed before they are checked.
    """
    return _encode({name: _plain(value) for name, value in answers.items()})


def _plain(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() else value


def content_hash(head: str, answers: Mapping[str, Any]) -> str:
    """32 hex digits over what stands at the head of a sheet (whose it is, of which round) and its answers."""
    return text_hash(head, canonical(answers))


def text_hash(head: str, text: str) -> str:
    """`content_hash` where the canonical text is there already."""
    content = f"{head}\n{text}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def kept_text(answers: Mapping[str, Any], text: str) -> str:
    """The JSON to be stored, from answers and their canonical text: whole numbers keep the fraction that they
    were sent with."""
    whole = any(type(value) is float and value.is_integer() for value in answers.values())
    return _encode(answers) if whole else text
