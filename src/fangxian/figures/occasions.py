"""When and how a figure's records were reported: of each the day, the campaigns and the channels of the
answers that put it there. Read from the lake for a whole figure at once, and kept for the last few."""

from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fangxian.kernel.asof import AsOf

from .engine import Engine, Moment
from .facts import EVER
from .frames import collected

KEPT = 12
ANSWER = "a_"  # begins the columns of answers
_kept: OrderedDict[tuple[Any, ...], pa.Table] = OrderedDict()
_lock = Lock()


def occasions(engine: Engine, figure: str, at: AsOf) -> pa.Table:
    """id, day (date32: of the latest of its answers), campaigns and channels (lists of texts), and for each
    question that is answered with a day `a_<question>` (date32, the latest).

    A record that no answer put there, such as one of the register, is not in it; the table has no rows and
    only these four columns where none is. Raises what `Engine.records` raises.
    """
    with engine._lock:
        moment = engine._moment(at)
        moment.figure(figure)
        key = (id(moment.facts.source), moment.facts.source.generation, at, figure)
        found = _kept.get(key)
        if found is None:
            found = _found(moment, figure)
            with _lock:
                _kept[key] = found
                while len(_kept) > KEPT:
                    _kept.popitem(last=False)
        return found


def _found(moment: Moment, figure: str) -> pa.Table:
    pairs = _pairs(moment, figure)
    parts = list(_sheets(moment, figure, pc.unique(pairs["because"]))) if len(pairs) else []
    if not parts:
        return pa.table({"id": [], "day": [], "campaigns": [], "channels": []})
    sheets = pa.concat_tables(parts, promote_options="default")
    told = pairs.join(sheets, "because", "submission", join_type="inner").combine_chunks()
    days = [name for name in sheets.column_names if name == "day" or name.startswith(ANSWER)]
    wanted = [*((name, "max") for name in days), ("campaign", "distinct"), ("channel", "distinct")]
    grouped = told.group_by("id").aggregate(wanted)
    columns = {name: grouped[f"{name}_max"] for name in days}
    lists = {"campaigns": grouped["campaign_distinct"], "channels": grouped["channel_distinct"]}
    return pa.table({"id": grouped["id"], **columns, **lists}).combine_chunks()


def _pairs(moment: Moment, figure: str) -> pa.Table:
    """id, because (submission)."""
    result = moment.result(figure)
    if result.because is not None:
        return collected(result.because.select("id", "because"))
    if result.record != "submission":
        return pa.table({"id": pa.array([], pa.int64()), "because": pa.array([], pa.int64())})
    ids = pc.unique(moment.rows(figure, "counted").ids)
    return pa.table({"id": ids, "because": ids})


def _sheets(moment: Moment, figure: str, wanted: pa.Array) -> Iterator[pa.Table]:
    """submission, campaign, day, channel and days answered: campaign by campaign, until all are found."""
    for code in _in_order(figure, list(moment.facts.campaigns)):
        if not len(wanted):
            return
        table = _of_campaign(moment, code)
        table = table.filter(pc.is_in(table["submission"], wanted))
        if len(table):
            wanted = wanted.filter(pc.invert(pc.is_in(wanted, table["submission"].combine_chunks())))
            yield table.append_column("campaign", pa.array([code] * len(table), pa.string()))


def _in_order(figure: str, codes: list[str]) -> list[str]:
    """A coverage's own campaign first."""
    own = figure.split(".")[1] if figure.startswith("coverage.") else ""
    return sorted(codes, key=lambda code: code != own)


def _of_campaign(moment: Moment, code: str) -> pa.Table:
    """Nothing but these columns is read of its files."""
    source, at = moment.facts.source, moment.facts.at
    name, span = f"answers/{code}", (EVER, at.day)
    held = source.relation(name, span)
    days = [
        column
        for column, kind in zip(held.columns, held.types, strict=True)
        if column.startswith(ANSWER) and str(kind) == "DATE"
    ]
    columns = ["submission", "day", "channel", *days]
    return source.relation(name, span, known_by=at.position, columns=columns).to_arrow_table()
