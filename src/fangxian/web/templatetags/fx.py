"""How numbers, moments and bars are written."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from django import template
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from fangxian.figures import catalogue
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.publishing import signoff
from fangxian.submissions.forms.faults import EXPECTED, in_language

from .. import origins, shown, style
from ..asking import told
from ..wording import chinese, in_a_row

register = template.Library()

_WEEKDAYS_ZH = "一二三四五六日"
_SVG = '<svg class="{}" width="100%" height="8" aria-hidden="true" focusable="false">'
_DONE = '<rect class="done" width="{}%" height="8"></rect></svg>'
_BAR = _SVG.format("bar {}") + '<rect class="gap" width="100%" height="8"></rect>' + _DONE
_MINI = _SVG.format("mini") + _DONE


@register.filter
def n(value: Any) -> SafeString | str:
    """A number with a gap between thousands that is drawn, not typed: copied digits stay clean."""
    if value is None:
        return "—"
    if isinstance(value, int) and 0 <= value < 10_000:
        return mark_safe(f'<span class="n">{value}</span>')  # noqa: S308 - a number
    whole, dot, fraction = str(value).partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    first = len(digits) % 3 or 3
    groups = [digits[i : i + 3] for i in range(first, len(digits), 3)] if len(digits) > 4 else []
    if not groups:
        return format_html('<span class="n">{}{}</span>', sign, digits + dot + fraction)
    rest = format_html_join("", "<i>{}</i>", ((group,) for group in groups))
    return format_html('<span class="n">{}{}{}{}</span>', sign, digits[:first], rest, dot + fraction)


@register.filter
def plain_n(value: Any) -> str:
    """As `n` where no element may stand, as in a picture."""
    return f"{value:,}".replace(",", "\u2009")


@register.filter
def add_px(value: float, more: int) -> float:
    return value + more


@register.filter
def percent(value: float | None) -> str:
    """One place, and none where it is whole."""
    return "" if value is None else f"{value:g}%"


@register.filter
def day(value: date | datetime | None) -> str:
    if value is None:
        return ""
    local = value.astimezone(OFFICE_ZONE) if isinstance(value, datetime) else value
    return f"{local.month}月{local.day}日" if chinese() else date_format(local, "j M")


@register.filter
def moment(value: datetime | None) -> str:
    """Day and time of the office."""
    return "" if value is None else f"{day(value)} {clock(value)}"


@register.filter
def plain_moments(text: str) -> str:
    """A sentence with its ISO moments as the office reads them."""
    iso = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"
    return re.sub(iso, lambda found: moment(datetime.fromisoformat(found[0])), str(text))


@register.filter
def clock(value: datetime) -> str:
    local = value.astimezone(OFFICE_ZONE)
    return local.strftime("%H:%M:%S" if local.second else "%H:%M")


@register.filter
def full(value: datetime) -> str:
    """With year and weekday, for heads and files."""
    local = value.astimezone(OFFICE_ZONE)
    if chinese():
        weekday = f"周{_WEEKDAYS_ZH[local.weekday()]}"
        return f"{local.year}年{local.month}月{local.day}日 {weekday} {clock(value)}"
    return f"{date_format(local, 'D j M Y')} {clock(value)}"


@register.filter
def field(value: datetime | None) -> str:
    """For an input of the type datetime-local."""
    return "" if value is None else value.astimezone(OFFICE_ZONE).strftime("%Y-%m-%dT%H:%M")


@register.filter
def iso(value: datetime) -> str:
    return value.astimezone(OFFICE_ZONE).isoformat(timespec="seconds")


@register.filter
def figure_name(id: str) -> str:
    return catalogue.name(id)


@register.filter
def kind(value: str) -> str:
    return shown.kind_name(value)


@register.filter
def township(name: str) -> str:
    """Of a centre school's name that of its township."""
    return name.removesuffix("中心学校") or name


@register.filter
def role(value: str) -> str:
    return shown.role_name(value)


@register.filter
def channel(value: str) -> str:
    """How an answer came, or was confirmed."""
    return origins.word(value)


@register.filter
def outcome(value: str) -> str:
    """What came of a call."""
    return {
        "reached": _("Reached"),
        "no_answer": _("No answer"),
        "wrong_number": _("Wrong number"),
        "refused": _("Refused"),
        "again": _("Call again"),
    }.get(value, value)


@register.filter
def campaign_name(value: Any) -> str:
    return str(value.name if chinese() else value.name_en)


@register.filter
def reason(value: str) -> str:
    """Why a record is excluded, in words."""
    words = {
        "none-declared": _("No key area declared"),
        "left": _("Left since the round opened"),
        "joined": _("Joined after the round opened"),
        "unverified": _("Not verified yet"),
        "said-otherwise": _("A later answer says otherwise"),
    }
    return words.get(value, value)


@register.filter(name="in_a_row")
def words_in_a_row(words: Iterable[str]) -> str:
    return in_a_row(words)


@register.filter
def part(value: str) -> str:
    """The name of a set of records."""
    if value.startswith("excluded:"):
        return reason(value.removeprefix("excluded:"))
    return {"counted": _("Counted"), "of": _("All of the denominator"), "missing": _("Missing")}.get(
        value, value
    )


@register.filter
def step_done(kind: str) -> str:
    return signoff.done(kind)


@register.filter
def paper_kind(kind: str) -> str:
    return {"docx": "Word"}.get(kind, kind.upper())


@register.filter
def reference_part(value: str) -> str:
    """Which number of a figure a paper prints."""
    words = {"value": _("value"), "of": _("out of"), "missing": _("missing"), "share": _("share")}
    return words.get(value, value)


@register.filter
def bulletins_that(state: str) -> str:
    return {
        "all": _("All"),
        "holds": _("not corrected"),
        "corrected": _("corrected by a later one"),
        "correction": _("corrections"),
        "at-once": _("issued at once"),
    }[state]


@register.filter
def bulletins_by(sort: str) -> str:
    return {"number": _("Newest first"), "oldest": _("Oldest first"), "cut-off": _("Cut-off")}[sort]


@register.simple_tag
def bar(figure: shown.Shown, state: str = "late") -> SafeString:
    """The filled part and what is missing of it; its words stand beside it."""
    return format_html(_BAR, state, figure.bar)


@register.inclusion_tag("web/parts/figure.html")
def figure(shown_figure: shown.Shown, change: Any = None) -> dict[str, Any]:
    """A large figure; the whole of it opens."""
    return {"figure": shown_figure, "change": change}


@register.simple_tag
def mini(value: Any, largest: Any) -> SafeString:
    """A bar beside a number, in proportion to the largest of its column."""
    return format_html(_MINI, round(100 * float(value) / float(largest), 1) if largest else 0)


@register.simple_tag
def stack(overlap: Any, largest: Any) -> SafeString:
    """A bar in proportion to the largest of its column, in the parts of what confirms it."""
    share = 100 * overlap.total / float(largest) if largest else 0
    edges = [0, *(round(share * start / 100, 1) for start in overlap.starts), round(share, 1)]
    parts = ((shade, edges[i], round(edges[i + 1] - edges[i], 1)) for i, shade in enumerate((2, 0, 1)))
    told = format_html_join("", '<rect class="o{}" x="{}%" width="{}%" height="8"></rect>', parts)
    return format_html("{}{}</svg>", mark_safe(_SVG.format("mini")), told)  # noqa: S308 - our own


@register.simple_tag
def bracket(start: float, end: float, side: str) -> SafeString:
    """A line from start to end (percent) over or under a bar of an SVG, with its two ends towards it."""
    line, tip = (18, 25) if side == "over" else (70, 63)
    ends = ((start, end, line, line), (start, start, line, tip), (end, end, line, tip))
    return format_html_join("", '<line x1="{}%" x2="{}%" y1="{}" y2="{}"/>', ends)


@register.simple_tag
def middle(start: float, end: float) -> SafeString:
    """Where the words of a place stand: in its middle, unless they would leave the picture there."""
    at = (start + end) / 2
    if at < 30:
        return format_html('x="{}%"', start)
    if at > 70:
        return format_html('x="{}%" text-anchor="end"', end)
    return format_html('x="{}%" text-anchor="middle"', round(at, 2))


@register.simple_tag
def percent_between(start: float, end: float) -> str:
    return f"{max(end - start, 0):.2f}%"


@register.simple_tag
def swatch(shade: int) -> SafeString:
    """The colour of a part, for the legend."""
    told = '<svg width="14" height="14" aria-hidden="true"><rect class="o{}" width="14" height="14"/></svg>'
    return format_html(told, shade)


@register.filter
def signed(value: Any) -> SafeString | str:
    return n(value) if value < 0 else format_html("+{}", n(value))


@register.filter
def tenth(value: float) -> SafeString | str:
    """To one place, and to none from ten on."""
    return n(round(value) if value >= 10 else round(value, 1))


@register.filter(name="in_language")
def in_language_of_page(texts: dict[str, str]) -> str:
    """A form's own text in the page's language."""
    return in_language(texts)


@register.filter
def asks(type: str) -> str:
    """What a question of this type takes, in words."""
    return str(EXPECTED.get(type, ""))


@register.filter(name="abs")
def absolute(value: Any) -> Any:
    return abs(value)


@register.filter
def address(value: datetime) -> str:
    return told(value)


@register.simple_tag(takes_context=True)
def at(context: Any, **changes: Any) -> str:
    """The query of what is asked, with changes: {% at unit=unit.code %}."""
    asked = context.get("asked")
    return asked.address(**changes) if asked else ""


@register.simple_tag(takes_context=True)
def stylesheet(context: Any, first: str = "style.css") -> SafeString:
    """As a link where the browser has the file, else within the page (`first`: what of it the page needs),
    the file to be fetched meanwhile."""
    own, request = style.style(), context.get("request")
    href = f"{static('web/style.css')}?v={own.edition}"
    if request is not None and request.COOKIES.get(style.COOKIE) == own.edition:
        return format_html('<link rel="stylesheet" href="{}">', href)
    inline = mark_safe(style.style(first + "").text)  # noqa: S308 - this package's own file
    return format_html('<style>{}</style><link rel="prefetch" as="style" href="{}">', inline, href)


@register.simple_tag
def edition(name: str) -> str:
    """Of a script of ours: its address changes with it."""
    return style.edition_of(name + "")  # a plain text: templates hand out safe ones


@register.simple_tag(takes_context=True)
def record_href(context: Any, row: Any) -> str:
    """The page of a record of the list."""
    figure, part = context["figure"].id, context["records"].part
    path = f"/figures/{figure}/records/{quote(row.key, safe='')}/"
    return str(context["asked"].address(path, part=None if part == "counted" else part))


@register.simple_tag(takes_context=True)
def records_page(context: Any, number: int) -> str:
    return f"{context['records'].wanted.address(page=number)}#records"
