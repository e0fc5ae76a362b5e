"""The bulletin as PDF: its blocks, laid out by `bulletin.typ`."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from . import charts, fonts
from .blocks import Block
from .word import masthead_size

LAYOUT = Path(__file__).with_name("bulletin.typ")


def pdf(
    blocks: Sequence[Block],
    *,
    band: str,
    drawn: dict[int, str],
    author: str,
    at: datetime,
    foot: Sequence[str] = (),
) -> bytes:
    """`drawn`: the SVG of each chart block, by the block's place. The same content gives the same bytes.

    Raises ChineseFontsMissing.
    """
    paper = _paper(blocks, band, drawn, author) | {"foot": list(foot), "fonts": fonts.require()}
    made = _compiler().compile(
        format="pdf",
        sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
    )
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(LAYOUT), font_paths=fonts.found())


def _paper(blocks: Sequence[Block], band: str, drawn: dict[int, str], author: str) -> dict[str, Any]:
    texts = {kind: [block.text for block in blocks if block.kind == kind] for kind in _ASIDE}
    return {
        "band": band,
        "author": author,
        "title": "".join(block.text for block in blocks if block.kind == "title"),
        "masthead": min((masthead_size(b.text) for b in blocks if b.kind == "masthead"), default=0),
        "header": texts["header"],
        "footer": texts["footer"],
        "imprint": [text.strip("\t").split("\t") for text in texts["imprint"]],
        "blocks": [
            _told(block, drawn.get(place)) | {"keep": _next(blocks, place) == "signature"}
            for place, block in enumerate(blocks)
            if block.kind not in _ASIDE
        ],
    }


def _next(blocks: Sequence[Block], place: int) -> str:
    return blocks[place + 1].kind if place + 1 < len(blocks) else ""


_ASIDE = ("header", "footer", "imprint")


def _told(block: Block, svg: str | None) -> dict[str, Any]:
    if block.chart:
        return {"kind": "chart", "svg": svg, "words": charts.words(block.chart)}
    return {
        "kind": block.kind,
        "runs": [_run(run) for run in block.runs],
        "rows": [[[_run(run) for run in cell] for cell in row] for row in block.rows],
    }


def _run(run: Any) -> dict[str, Any]:
    return {"text": run.text, "bold": run.bold}
