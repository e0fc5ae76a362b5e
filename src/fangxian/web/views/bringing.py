"""A file handed in: what was read of it and how, column by column; stored when it is confirmed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.access import policy
from fangxian.access.actor import Actor
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import day_of
from fangxian.matching.actions import bring_issue
from fangxian.matching.bringing import read_issue
from fangxian.registry.importing.cells import Setting
from fangxian.registry.importing.columns import TEMPLATES
from fangxian.registry.importing.directory import Registry
from fangxian.registry.importing.examine import POLICIES, Import, examine, store
from fangxian.registry.importing.keeping import mapping_of
from fangxian.registry.importing.result import ranges
from fangxian.registry.importing.rows import Choices

from .. import under_way
from ..disclosure import looked
from ..pending import Pending, drop, pending, readable, take
from ..problems import UploadMissing
from .lists import _held, _who

ROSTERS = ("units", "staff", "pupils")
SHOWN = 50  # faults that are written out
SAMPLES = 3  # rows that are shown as they were read
CLASS_OF = {"id_number": "D", "responsible": "D", "phone": "C", "guardian_phone": "C", "address": "C"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A field of the template, what stands over its column in the file, and what else it could be."""

    field: str
    heading: str
    taken: str
    required: bool
    guessed: bool


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading a file, for the page."""

    imported: Import
    file: Pending
    choices: list[Choice]
    labels: list[str]
    ignored: list[tuple[str, str, str]]
    samples: list[list[str]] = field(default_factory=list)

    @property
    def examined(self) -> Any:
        return self.imported.examined

    @property
    def rejected(self) -> list[Any]:
        return self.examined.rejected[:SHOWN]

    @property
    def more_rejected(self) -> int:
        return max(0, len(self.examined.rejected) - SHOWN)

    @property
    def warnings(self) -> list[Any]:
        return self.examined.warnings[:SHOWN]

    @property
    def more_warnings(self) -> int:
        return max(0, len(self.examined.warnings) - SHOWN)

    @property
    def total(self) -> int:
        found = self.examined
        return len(found.rows) + found.rejected_rows + len(found.ignored)


# ---- an issue of a list -----------------------------------------------------------------------------


@require_POST
def bring(request: HttpRequest, listing: int) -> HttpResponse:
    """Raises NotThere, UploadMissing."""
    held = _held(listing)
    file = _taken(request, f"list:{listing}")
    with _examined_issue(request, listing, file) as imported:
        return _page(
            request, imported, file, {"held": held, "action": reverse("list-confirm", args=[listing])}
        )


@require_POST
def confirm(request: HttpRequest, listing: int) -> HttpResponse:
    """Reads it once more, with what was chosen now; stores it where that was pressed. Raises NotThere,
    UploadGone and what `actions.bring_issue` raises."""
    held = _held(listing)
    file = pending(request.POST.get("file", ""), _about(request, f"list:{listing}"))
    with _examined_issue(request, listing, file) as imported:
        if "store" not in request.POST or not imported.passes:
            shown = {"held": held, "action": reverse("list-confirm", args=[listing])}
            return _page(request, imported, file, shown)
        bring_issue(listing=listing, imported=imported, **_who(request))
    drop(file)
    under_way.start(listing, **_who(request), moment=request.moment)  # type: ignore[attr-defined]
    return redirect("list", listing)


@contextmanager
def _examined_issue(request: HttpRequest, listing: int, file: Pending) -> Iterator[Import]:
    with readable(file) as path:
        yield read_issue(
            listing,
            path,
            now=request.now,  # type: ignore[attr-defined]
            policy=_policy(request),
            chosen=_chosen(request, "list"),
            leave_hidden=bool(request.POST.get("leave_hidden")),
        )


# ---- a roster ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def rosters(request: HttpRequest) -> HttpResponse:
    """Raises UploadMissing."""
    if request.method != "POST":
        return render(request, "web/rosters.html", {"kinds": ROSTERS})
    kind = _kind(request)
    file = _taken(request, f"roster:{kind}")
    with _examined_roster(request, kind, file) as imported:
        return _page(request, imported, file, _of_roster(request, kind))


@require_POST
def confirm_roster(request: HttpRequest) -> HttpResponse:
    """Raises UploadGone and what `examine.store` raises."""
    kind = _kind(request)
    file = pending(request.POST.get("file", ""), _about(request, f"roster:{kind}"))
    with _examined_roster(request, kind, file) as imported:
        if "store" not in request.POST or not imported.passes:
            return _page(request, imported, file, _of_roster(request, kind))
        stored = store(imported, source=_source(request), **_who(request))
    drop(file)
    return render(request, "web/rosters.html", {"kinds": ROSTERS, "stored": stored, "kind": kind})


def _of_roster(request: HttpRequest, kind: str) -> dict[str, Any]:
    return {"kind": kind, "source": _source(request), "action": reverse("roster-confirm")}


@contextmanager
def _examined_roster(request: HttpRequest, kind: str, file: Pending) -> Iterator[Import]:
    day = day_of(request.now)  # type: ignore[attr-defined]
    chosen = _chosen(request, kind)
    said = set(chosen.values()) - {""}
    source = _source(request)
    held = mapping_of(source, kind) if source else {}
    before = {column: wanted for column, wanted in held.items() if wanted not in said}
    invented = demonstration_of(current_home()) is not None
    with readable(file) as path:
        yield examine(
            path,
            kind,
            directory=Registry(day),
            setting=Setting(day, invented=invented),
            policy=_policy(request),
            choices=Choices(before | chosen, bool(request.POST.get("leave_hidden"))),
        )


def _kind(request: HttpRequest) -> str:
    kind = request.POST.get("kind", "")
    return kind if kind in ROSTERS else ROSTERS[0]


def _source(request: HttpRequest) -> str:
    return request.POST.get("source", "").strip()[:80]


# ---- what both share --------------------------------------------------------------------------------


def _about(request: HttpRequest, what: str) -> str:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return f"{actor.name} {what}"


def _taken(request: HttpRequest, what: str) -> Pending:
    upload = request.FILES.get("file")
    if upload is None or not upload.size:
        raise UploadMissing()
    return take(upload, _about(request, what))


def _policy(request: HttpRequest) -> str:
    chosen = request.POST.get("policy", "")
    return chosen if chosen in POLICIES else POLICIES[0]


def _chosen(request: HttpRequest, kind: str) -> dict[str, str]:
    """As the form's selects say: for each field the heading that was picked, and the one it was taken from
    before, which is then left aside."""
    picked: dict[str, str] = {}
    left: list[str] = []
    for column in TEMPLATES[kind]:
        now, was = request.POST.get(f"map-{column.field}"), request.POST.get(f"was-{column.field}", "")
        if now is None or now == was:
            continue
        if now:
            picked[now[:200]] = column.field
        if was:
            left.append(was[:200])
    kept = {
        request.POST.get(f"was-{c.field}", ""): c.field for c in TEMPLATES[kind] if _kept(request, c.field)
    }
    return dict.fromkeys(left, "") | {h: f for h, f in kept.items() if h} | picked


def _kept(request: HttpRequest, field: str) -> bool:
    now = request.POST.get(f"map-{field}")
    return bool(now) and now == request.POST.get(f"was-{field}", "")


def _page(request: HttpRequest, imported: Import, file: Pending, shown: dict[str, Any]) -> HttpResponse:
    read = _read(request, imported, file)
    looked(request, "BCD" if read.samples else "", subject="file", count=len(read.samples))
    return render(request, "web/bring.html", shown | {"read": read})


def _read(request: HttpRequest, imported: Import, file: Pending) -> Read:
    examined = imported.examined
    found: dict[str, str] = {}
    guessed: set[str] = set()
    labels: list[str] = []
    for heading in examined.found:
        found |= heading.found
        guessed |= set(heading.guessed)
        labels += [*heading.found.values(), *heading.unread]
    choices = [
        Choice(c.field, c.heading, found.get(c.heading, ""), c.required, c.heading in guessed)
        for c in TEMPLATES[examined.kind]
    ]
    return Read(
        imported, file, choices, list(dict.fromkeys(labels)), _ignored(imported), _samples(request, imported)
    )


def _ignored(imported: Import) -> list[tuple[str, str, str]]:
    """(sheet, rows, why)."""
    rows: dict[tuple[str, str], list[int]] = {}
    for each in imported.examined.ignored:
        rows.setdefault((each.sheet, each.why), []).append(each.row)
    return [(sheet, ranges(sorted(numbers)), why) for (sheet, why), numbers in rows.items()]


def _samples(request: HttpRequest, imported: Import) -> list[list[str]]:
    """The first rows as they were read, masked by the policy."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    columns = TEMPLATES[imported.examined.kind]
    classes = [CLASS_OF.get(column.field, "B") for column in columns]
    said = {c: policy.verdict(actor, c, None, purpose="review") for c in "BCD"}
    return [
        [policy.told(said[c], c, value) for c, value in zip(classes, row.values, strict=True)]
        for row in imported.examined.rows[:SAMPLES]
    ]
