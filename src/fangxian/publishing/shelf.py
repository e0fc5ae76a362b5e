"""Files of issued bulletins, in <home>/bulletins/<number>: each whole or not there, and private."""

import os
from collections.abc import Mapping
from pathlib import Path

from fangxian.kernel.home import Home, current_home

from . import blocks, html
from .content import FORMATS, Content, drawings, marked, marks
from .counting import Engine
from .marks import Marks
from .models import Bulletin
from .queries import recount


def render(content: Content, shown: Marks) -> dict[str, bytes]:
    """The three files: format -> bytes. Raises ChineseFontsMissing."""
    return {kind: content.file(kind, shown) for kind in FORMATS}


def folder(number: int, home: Home | None = None) -> Path:
    return (home or current_home()).bulletins / str(number)


def path_of(number: int, kind: str, home: Home | None = None) -> Path:
    return folder(number, home) / f"bulletin-{number}.{kind}"


def read_file(issued: Bulletin, kind: str, *, engine: Engine, home: Home | None = None) -> bytes:
    """A file of an issued bulletin, `kind` one of FORMATS; where it is gone it is counted and made again.

    Raises RecountDiffers, ChineseFontsMissing.
    """
    path = path_of(issued.number, kind, home)
    if path.exists():
        return path.read_bytes()
    return recount(issued, engine=engine).file(kind, marks(home=home))


def article(issued: Bulletin, *, engine: Engine, home: Home | None = None) -> str:
    """The bulletin as a piece of HTML for a page: from its stored blocks; where these are gone, recounted."""
    shown, stored = marks(home=home), (issued.frozen or {}).get("blocks")
    if stored is None:
        return recount(issued, engine=engine).article(shown)
    told = tuple(blocks.load(block) for block in stored)
    return html.article(
        marked(told, shown), band=shown.band, drawn=drawings(told), link=html.figure_link(issued.at)
    )


def write_files(issued: Bulletin, files: Mapping[str, bytes], *, home: Home | None = None) -> list[Path]:
    folder(issued.number, home).mkdir(mode=0o700, parents=True, exist_ok=True)
    return [write_private(path_of(issued.number, kind, home), content) for kind, content in files.items()]


def write_private(path: Path, content: bytes) -> Path:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    return path
