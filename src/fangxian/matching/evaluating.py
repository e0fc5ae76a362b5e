"""How good the matches are, held against a truth that the matching never saw."""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.utils import translation

from .problems import FileMissing, NotMatches, NotTruth, PlotUnsupported, RowsDisagree
from .reasons import NOTHING_BUT_A_NAME

FIRST = 300  # rows of the review queue whose worth is told apart


@dataclass(frozen=True, slots=True)
class Line:
    row: int
    uid: str
    probability: float
    decision: str
    bare: bool


def read_matches(path: Path) -> list[Line]:
    rows = _read(path, ("row", "uid", "probability", "decision", "reasons"), NotMatches)
    marks = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            marks.append(str(NOTHING_BUT_A_NAME))
    return [
        Line(
            int(each["row"]), each["uid"], float(each["probability"] or 0), each["decision"],
            any(mark in each["reasons"] for mark in marks),
        )
        for each in rows
    ]  # fmt: skip


def read_truth(path: Path) -> dict[int, str]:
    """Row of the list -> uid, "" for nobody."""
    return {int(each["row"]): each["uid"] for each in _read(path, ("row", "uid"), NotTruth)}


def _read(path: Path, wanted: tuple[str, ...], problem: Any) -> list[dict[str, str]]:
    if not path.is_file():
        raise FileMissing(path=path.name)
    content = path.read_bytes()
    text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8-sig")
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in wanted if name not in (reader.fieldnames or ())]
    if missing:
        raise problem(path=path.name, columns=", ".join(missing))
    return list(reader)


def evaluate(matches: list[Line], truth: dict[int, str]) -> dict[str, Any]:
    """Raises RowsDisagree. Shares are of 1; None where there is nothing to share."""
    if {line.row for line in matches} != set(truth):
        raise RowsDisagree(matches=len(matches), truth=len(truth))
    right = {line.row: bool(line.uid) and line.uid == truth[line.row] for line in matches}
    auto = [line for line in matches if line.decision == "auto"]
    review = sorted(
        (line for line in matches if line.decision == "review"),
        key=lambda line: (-line.probability, line.row),
    )
    pairs = sum(1 for uid in truth.values() if uid)
    bare = [line for line in matches if line.bare]
    bare_pairs = sum(1 for line in bare if truth[line.row])
    kept = [line for line in (*auto, *review) if right[line.row]]
    settled = [right[line.row] for line in review]
    return {
        "rows": len(matches),
        "pairs": pairs,
        "auto": {
            "rows": len(auto),
            "right": sum(right[line.row] for line in auto),
            "precision": _share(sum(right[line.row] for line in auto), len(auto)),
            "recall": _share(sum(right[line.row] for line in auto), pairs),
        },
        "review": {
            "rows": len(review),
            "load": _share(len(review), len(matches)),
            "right": sum(settled),
            "first": FIRST,
            "right_in_first": sum(settled[:FIRST]),
        },
        "kept": {
            "right": len(kept),
            "share": _share(len(kept), pairs),
            "share_but_bare": _share(sum(not line.bare for line in kept), pairs - bare_pairs),
        },
        "nothing_but_a_name": {"rows": len(bare), "pairs": bare_pairs},
        "calibration": calibration(matches, right),
    }


def calibration(matches: list[Line], right: dict[int, bool]) -> list[dict[str, Any]]:
    """By tenth of the probability: how many rows name somebody, what was said of them and what is true."""
    named = [line for line in matches if line.uid]
    tenths = []
    for tenth in range(10):
        inside = [line for line in named if min(int(line.probability * 10), 9) == tenth]
        tenths.append(
            {
                "from": tenth / 10,
                "to": (tenth + 1) / 10,
                "rows": len(inside),
                "said": float(np.mean([line.probability for line in inside])) if inside else None,
                "true": _share(sum(right[line.row] for line in inside), len(inside)),
            }
        )
    return tenths


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def plot(told: dict[str, Any], path: Path) -> None:
    """The calibration as a picture: what was said against what is true, points as large as their rows."""
    if path.suffix.lower() not in (".png", ".svg"):
        raise PlotUnsupported(suffix=path.suffix)
    import altair as alt
    from django.utils.translation import gettext as _

    points = [dict(each) for each in told["calibration"] if each["rows"]]
    said, true, rows = _("said"), _("true"), _("rows")
    data = alt.Data(values=[{said: each["said"], true: each["true"], rows: each["rows"]} for each in points])
    scale = alt.Scale(domain=[0, 1])
    ideal = (
        alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
        .mark_line(color="#868f99", strokeDash=[4, 4])
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale))
    )
    dots = (
        alt.Chart(data)
        .mark_circle(color="#1f5fa8", opacity=0.9)
        .encode(
            x=alt.X(f"{said}:Q", scale=scale, title=_("probability that was said")),
            y=alt.Y(f"{true}:Q", scale=scale, title=_("share that is right")),
            size=alt.Size(f"{rows}:Q", scale=alt.Scale(type="log", range=[40, 600]), title=rows),
        )
    )
    (ideal + dots).properties(width=420, height=420).save(str(path))
