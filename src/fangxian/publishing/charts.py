"""Charts of a bulletin: drawn from the same references as its sentences, as SVG and as PNG."""

from functools import lru_cache

import altair as alt
import vl_convert

from .blocks import Chart, Series
from .fonts import STACKS

WIDTH = 440  # points; the text area is 442 wide
INKS = ["#1f5fa8", "#8a6d1d", "#5f6974"]  # told apart without colour sight, and in print by lightness
NAMES, SHADES = "name", "series"


@lru_cache(maxsize=64)
def svg(chart: Chart) -> str:
    return str(vl_convert.vegalite_to_svg(spec(chart)))


@lru_cache(maxsize=16)
def png(svg_text: str) -> bytes:
    """For Word; two and a half pixels a point print sharply and stay under 100 kB."""
    return bytes(vl_convert.svg_to_png(svg_text, scale=2.5))


def spec(chart: Chart) -> dict:
    """The Vega-Lite description, with nothing in it but the chart's own data."""
    drawn = _line(chart) if chart.kind == "line" else _bars(chart)
    font = ", ".join(STACKS["heiti"])
    return drawn.configure(font=font, padding=4).configure_view(stroke=None).to_dict()


def words(chart: Chart) -> str:
    """The chart as a sentence, for whoever cannot see it."""
    told = (f"{series.name}：{_points(series)}" for series in chart.series)
    return f"{chart.title}。{'；'.join(told)}。"


def _points(series: Series) -> str:
    return "、".join(f"{label}{reference.text}" for label, reference in series.points)


def _labels(chart: Chart) -> list[str]:
    """In the order of the data, not of the alphabet."""
    return list(dict.fromkeys(label for series in chart.series for label, _reference in series.points))


def _rows(chart: Chart) -> alt.Data:
    return alt.Data(
        values=[
            {"label": label, NAMES: series.name, "value": ref.value, "text": ref.text}
            for series in chart.series
            for label, ref in series.points
        ]
    )


def _bars(chart: Chart) -> alt.LayerChart:
    """Horizontal bars by unit, each with its number at its end; a unit not counted has no bar."""
    many = len(chart.series) > 1
    names = [series.name for series in chart.series]
    base = alt.Chart(_rows(chart)).encode(
        y=alt.Y("label:N", sort=_labels(chart), title=None, axis=alt.Axis(labelFontSize=11)),
        x=alt.X(
            "value:Q",
            title=None,
            scale=_scale(chart),
            axis=alt.Axis(labels=False, ticks=False, domain=False, grid=False),
        ),
        yOffset=alt.YOffset(f"{NAMES}:N", sort=names) if many else alt.Undefined,
    )
    colour = alt.Color(
        f"{NAMES}:N",
        sort=names,
        scale=alt.Scale(domain=names, range=INKS[: len(names)]),
        legend=alt.Legend(orient="top", title=None, labelFontSize=11, labelLimit=400) if many else None,
    )
    height = (11 * len(names) + 5) * max((len(s.points) for s in chart.series), default=1)
    texts = base.mark_text(align="left", dx=3, fontSize=11).encode(text="text:N")
    return (base.mark_bar().encode(color=colour) + texts).properties(width=WIDTH - 110, height=height)


def _scale(chart: Chart) -> alt.Scale:
    """Shares on a scale of 0 to 100: a bar that looks full is full."""
    shares = all(ref.part == "share" for series in chart.series for _label, ref in series.points)
    return alt.Scale(domain=[0, 100]) if shares else alt.Scale(zero=True)


def _line(chart: Chart) -> alt.LayerChart:
    base = alt.Chart(_rows(chart)).encode(
        x=alt.X("label:O", sort=_labels(chart), title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(gridColor="#dde1e4", domain=False)),
        color=alt.Color(f"{NAMES}:N", scale=alt.Scale(range=INKS), legend=None),
    )
    last = base.mark_text(dy=-9, fontSize=11).encode(text="text:N")
    return (base.mark_line() + base.mark_point(filled=True) + last).properties(width=WIDTH - 60, height=180)
