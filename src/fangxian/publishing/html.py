"""The bulletin as HTML: the same blocks, each number a link to its figure as of the bulletin's moment."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import OFFICE_ZONE, day_of

from . import charts
from .blocks import Block, Chart, Run
from .references import Reference

STYLE = Path(__file__).with_name("bulletin.css")
Link = Callable[[Reference], str]
_TAGS = {"title": "h1", "heading1": "h2", "heading2": "h3", "heading3": "h4"}


def figure_link(at: AsOf) -> Link:
    """The address of a figure's page, with its unit and both times."""
    known = at.known_by.astimezone(OFFICE_ZONE)
    as_of = known.isoformat() if day_of(known) == at.day else at.day.isoformat()

    def link(reference: Reference) -> str:
        times = {"unit": reference.unit, "as_of": as_of, "known_by": known.isoformat()}
        return f"/figures/{reference.figure}/?{urlencode(times)}"

    return link


def article(
    blocks: Sequence[Block],
    *,
    band: str,
    drawn: dict[int, str],
    link: Link,
    foot: Sequence[str] = (),
    changed: Mapping[Reference, int] | None = None,
) -> str:
    """An `<article class="gongwen">` for a page; without inline styles or scripts, so any policy takes it.
    The numbers that have `changed` since bear their place in the list of changes."""
    if changed:
        link = _Noted(link, changed)
    told = (_block(block, drawn.get(place, ""), link) for place, block in enumerate(blocks))
    shown = f'<p class="gw-band">{escape(band)}</p>' if band else ""
    below = "".join(f'<p class="gw-foot">{escape(line)}</p>' for line in foot)
    return f'<article class="gongwen" lang="zh-Hans">{shown}{"".join(told)}{below}</article>'


def page(
    blocks: Sequence[Block], *, band: str, drawn: dict[int, str], link: Link, foot: Sequence[str] = ()
) -> bytes:
    """A file of its own, to be sent or kept."""
    title = escape("".join(block.text for block in blocks if block.kind == "title"))
    body = article(blocks, band=band, drawn=drawn, link=link, foot=foot)
    return (
        f'<!doctype html>\n<html lang="zh-Hans"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE.read_text('utf-8')}</style></head><body>{body}</body></html>\n"
    ).encode()


def _block(block: Block, svg: str, link: Link) -> str:
    if block.chart:
        return _chart(block.chart, svg, link)
    if block.rows:
        return _table(block.rows, link)
    if block.kind == "imprint":
        parts = "".join(f"<span>{escape(part)}</span>" for part in block.text.split("\t"))
        return f'<p class="gw-imprint">{parts}</p>'
    tag = _TAGS.get(block.kind, "p")
    return f'<{tag} class="gw-{block.kind}">{_runs(block.runs, link)}</{tag}>'


def _runs(runs: Sequence[Run], link: Link) -> str:
    return "".join(_run(run, link) for run in runs)


def _run(run: Run, link: Link) -> str:
    if run.figure:
        return _number(run.figure, link)
    text = escape(run.text).replace("\n", "<br>")
    return f"<strong>{text}</strong>" if run.bold else text


def _number(reference: Reference, link: Link) -> str:
    known = f' data-part="{reference.part}" data-unit="{escape(reference.unit)}"'
    place = link.places.get(reference) if isinstance(link, _Noted) else None
    moved, note = (" ch", f"<sup>{place}</sup>") if place else ("", "")
    return f'<a class="fx{moved}" href="{escape(link(reference))}"{known}>{escape(reference.text)}{note}</a>'


@dataclass(frozen=True)
class _Noted:
    """A link that also knows the place of each number in the list of changes."""

    link: Link
    places: Mapping[Reference, int]

    def __call__(self, reference: Reference) -> str:
        return self.link(reference)


def _table(rows: Sequence[Sequence[Sequence[Run]]], link: Link) -> str:
    head = "".join(f'<th scope="col">{_runs(cell, link)}</th>' for cell in rows[0])
    body = "".join(
        f'<tr><th scope="row">{_runs(row[0], link)}</th>'
        + "".join(f"<td>{_runs(cell, link)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows[1:]
    )
    return f'<div class="gw-table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _chart(chart: Chart, svg: str, link: Link) -> str:
    """The drawing, and behind it the same numbers as a table that opens."""
    labels = [label for label, _reference in chart.series[0].points]
    head = "".join(f'<th scope="col">{escape(series.name)}</th>' for series in chart.series)
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f"<td>{_number(series.points[place][1], link)}</td>" for series in chart.series)
        + "</tr>"
        for place, label in enumerate(labels)
    )
    drawing = re.sub(r"<svg ", f'<svg role="img" aria-label="{escape(charts.words(chart))}" ', svg, count=1)
    return (
        f'<figure class="gw-chart">{drawing}<details><summary>{escape(chart.title)}</summary>'
        f'<div class="gw-table"><table><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details></figure>"
    )
