"""The importer's two steps: `examine` reads and checks, `store` appends what passed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fangxian.kernel.changes import recording
from fangxian.kernel.models import Change
from fangxian.kernel.moments import day_of

from .cells import Setting
from .columns import TEMPLATES
from .directory import Directory, Registry
from .keeping import KEEP_DAYS, hash_of, keep_file
from .lists import check_list
from .people import check_pupils, check_staff
from .problems import ListsAreNotKept, RegistryChanged, RowsRejected
from .result import Examined
from .rows import Choices, Tick, read_file
from .storing import Stored, store_pupils, store_staff, store_units
from .units import Plan, check_units

POLICIES = ("atomic", "partial")


@dataclass(frozen=True, slots=True)
class Import:
    """An examined file, what it was held against, and the plan of its units where it is of units. `chosen`
    is how columns were taken that their headings alone do not tell."""

    examined: Examined
    directory: Directory
    setting: Setting
    policy: str
    path: Path
    sha256: str
    chosen: Mapping[str, str]
    plan: Plan | None = None

    @property
    def passes(self) -> bool:
        return self.examined.passes(self.policy)


def examine(
    path: Path,
    kind: str,
    *,
    directory: Directory,
    setting: Setting,
    policy: str = "atomic",
    choices: Choices | None = None,
    tick: Tick | None = None,
) -> Import:
    """Read a file of this kind ("staff", "pupils", "units" or "list") and check all of it; stores nothing.

    What is wrong stands in the result: `examined.file_error`, or a row's entries in `examined.rejected`.
    """
    sha256, choices = hash_of(path), choices or Choices()
    examined = read_file(path, kind, setting, directory, choices, tick)
    plan = None
    if examined.file_error is None:
        if kind == "units":
            plan = check_units(examined, directory, setting, partial=policy == "partial")
        else:
            _CHECKS[kind](examined, directory, setting)
    examined.rejected.sort(key=examined.order())
    chosen = _chosen(examined, choices)
    return Import(examined, directory, setting, policy, path, sha256, chosen, plan)


def _chosen(examined: Examined, choices: Choices) -> dict[str, str]:
    """What was chosen, and what was told by content and will be so again."""
    fields = {column.heading: column.field for column in TEMPLATES[examined.kind]}
    guessed = {theirs: fields[mine] for each in examined.found for mine, theirs in each.guessed.items()}
    headed = any(each.rows for each in examined.found)
    return (guessed if headed else {}) | dict(choices.mapping)


_CHECKS = {"staff": check_staff, "pupils": check_pupils, "list": check_list}


def store(
    imported: Import, *, by: str, now: datetime, source: str = "", keep_days: int = KEEP_DAYS
) -> Stored:
    """Append what passed and keep the file, in one recording. Raises RowsRejected where the policy forbids
    it, ListsAreNotKept, FileChanged, and RegistryChanged where what it was held against is no longer so."""
    if imported.examined.kind == "list":
        raise ListsAreNotKept()
    if not imported.passes:
        raise RowsRejected(rows=imported.examined.rejected_rows)
    directory = imported.directory
    assert isinstance(directory, Registry)
    kind = imported.examined.kind
    with recording(f"registry.import_{kind}", by=by, now=now):
        _still_so(directory)
        keep_file(
            path=imported.path,
            sha256=imported.sha256,
            kind=kind,
            source=source,
            mapping=imported.chosen,
            day=day_of(now),
            days=keep_days,
            by=by,
            now=now,
        )
        if imported.plan is not None:
            return store_units(imported.plan, by=by, now=now)
        keep = store_staff if kind == "staff" else store_pupils
        return keep(imported.examined, directory, imported.setting, by=by, now=now)


def _still_so(directory: Registry) -> None:
    """Under the head's lock: nobody wrote to the registry since the file was held against it."""
    since = Change.objects.filter(position__gt=directory.position).values_list("detail", flat=True)
    if any(table.startswith("registry_") for detail in since.iterator() for table in detail["rows"]):
        raise RegistryChanged()
