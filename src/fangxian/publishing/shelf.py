"""Files of issued bulletins, in <home>/bulletins/<number>: each whole or not there, and private."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from fangxian.kernel.home import Home, current_home

from . import blocks, word
from .content import FORMATS, Content, Shown, drawings, marks
from .counting import Engine
from .marks import Marks
from .models import Bulletin, Step
from .queries import office, recount, recount_check
from .references import Reference
from .signoff import Standing


def render(content: Content, shown: Marks) -> dict[str, bytes]:
    """The three files: format -> bytes. Raises ChineseFontsMissing."""
    return {kind: content.file(kind, shown) for kind in FORMATS}


def folder(number: int, home: Home | None = None) -> Path:
    return (home or current_home()).bulletins / str(number)


def path_of(number: int, kind: str, home: Home | None = None) -> Path:
    return folder(number, home) / f"bulletin-{number}.{kind}"


def read_file(
    issued: Bulletin, kind: str, *, engine: Engine, home: Home | None = None, copy: str = ""
) -> bytes:
    """A paper of an issued bulletin, `kind` one of FORMATS, from what was stored at its issue; where that is
    gone it is counted again. It says by which it was corrected, and bears the id of the `copy`.

    Raises RecountDiffers, ChineseFontsMissing.
    """
    said = marks(corrected=_corrected(issued), copy=copy, home=home)
    told = said.told_of(issued.number, issued.at)
    path, stored = path_of(issued.number, kind, home), (issued.frozen or {}).get("blocks")
    if path.exists() and not copy and said.corrected is None:
        return path.read_bytes()
    if path.exists() and kind == "docx":
        return word.stamped(path.read_bytes(), told)
    if stored is None or kind == "docx":
        return recount(issued, engine=engine).file(kind, said)
    return _shown(issued, stored).pdf(told) if kind == "pdf" else _shown(issued, stored).html(told)


def _corrected(issued: Bulletin) -> int | None:
    return Bulletin.objects.filter(corrects=issued.pk).values_list("number", flat=True).first()


def _shown(frozen: Bulletin | Step, stored: list[dict[str, object]]) -> Shown:
    told = tuple(blocks.load(block) for block in stored)
    when = frozen.issued_at if isinstance(frozen, Bulletin) else frozen.done_at
    return Shown(told, drawings(told), frozen.at, when, office(frozen.at))


def blocks_of(issued: Bulletin, *, engine: Engine) -> tuple[blocks.Block, ...]:
    """What the paper says, as issued; where its stored copy is gone, counted again. Raises RecountDiffers."""
    stored = (issued.frozen or {}).get("blocks")
    if stored is None:
        return recount(issued, engine=engine).blocks
    return tuple(blocks.load(block) for block in stored)


def article(
    issued: Bulletin, *, engine: Engine, home: Home | None = None, changed: Sequence[Reference] = ()
) -> str:
    """The bulletin as a piece of HTML for a page: from its stored blocks; where these are gone, recounted.
    The numbers that have `changed` bear their place in that list."""
    said = marks(corrected=_corrected(issued), home=home)
    stored = (issued.frozen or {}).get("blocks")
    if stored is None:
        return recount(issued, engine=engine).article(said)
    return _shown(issued, stored).article(said.told_of(issued.number, issued.at), changed)


def article_of(check: Step, *, home: Home | None = None, changed: Sequence[Reference] = ()) -> str:
    """What was checked, and is to be approved, as a piece of HTML."""
    assert check.frozen and check.issue
    said = marks(draft=True, home=home).told_of(check.issue, check.at)
    return _shown(check, check.frozen["blocks"]).article(said, changed)


def draft_file(found: Standing, kind: str, *, engine: Engine, copy: str, home: Home | None = None) -> bytes:
    """What was checked, as a paper. Raises RecountDiffers, ChineseFontsMissing."""
    check, said = found.check, marks(draft=True, copy=copy, home=home)
    assert check and check.frozen and check.issue
    if kind == "docx":
        return recount_check(found, engine=engine).docx(said)
    shown, told = _shown(check, check.frozen["blocks"]), said.told_of(check.issue, check.at)
    return shown.pdf(told) if kind == "pdf" else shown.html(told)


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
