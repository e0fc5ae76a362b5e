"""The one stylesheet: within the first page that somebody opens, which is drawn at once, and then as a file.

A form's page brings what forms need of it, half as much. The policy names both by their hashes; no other
style may stand within a page.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "static" / "web" / "style.css"
COOKIE = "style"  # of which edition the browser has the file
KEPT = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Style:
    text: str
    edition: str
    digest: str  # as a Content-Security-Policy wants it


@cache
def edition_of(name: str) -> str:
    """Of a file beside the stylesheet."""
    return hashlib.sha256((FILE.parent / name).read_bytes()).hexdigest()[:12]


@cache
def style(name: str = "style.css") -> Style:
    text = (FILE.parent / name).read_text("utf-8")
    digest = hashlib.sha256(text.encode()).digest()
    return Style(text, digest.hex()[:12], f"'sha256-{base64.b64encode(digest).decode()}'")
