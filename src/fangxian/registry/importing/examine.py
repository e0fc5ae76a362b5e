"""The importer's two steps: `examine` reads and checks, `store` appends what passed."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fangxian.kernel.changes import recording
from fangxian.kernel.models import Change

from .cells import Setting
from .directory import Directory, Registry
from .lists import check_list
from .people import check_pupils, check_staff
from .problems import ListsAreNotKept, RegistryChanged, RowsRejected
from .result import Examined
from .rows import Tick, read_file
from .storing import Stored, store_pupils, store_staff, store_units
from .units import Plan, check_units

POLICIES = ("atomic", "partial")


@dataclass(frozen=True, slots=True)
class Import:
    """An examined file, what it was held against, and the plan of its units where it is of units."""

    examined: Examined
    directory: Directory
    setting: Setting
    policy: str
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
    tick: Tick | None = None,
) -> Import:
    """Read a file of this kind ("staff", "pupils", "units" or "list") and check all of it; stores nothing.

    What is wrong stands in the result: `examined.file_error`, or a row's entries in `examined.rejected`.
    """
    examined = read_file(path, kind, setting, tick)
    plan = None
    if examined.file_error is None:
        if kind == "units":
            plan = check_units(examined, directory, setting, partial=policy == "partial")
        else:
            _CHECKS[kind](examined, directory, setting)
    examined.rejected.sort(key=examined.order())
    return Import(examined, directory, setting, policy, plan)


_CHECKS = {"staff": check_staff, "pupils": check_pupils, "list": check_list}


def store(imported: Import, *, by: str, now: datetime) -> Stored:
    """Append what passed, in one recording. Raises RowsRejected where the policy forbids it, ListsAreNotKept,
    and RegistryChanged where what it was held against is no longer so."""
    if imported.examined.kind == "list":
        raise ListsAreNotKept()
    if not imported.passes:
        raise RowsRejected(rows=imported.examined.rejected_rows)
    directory = imported.directory
    assert isinstance(directory, Registry)
    kind = imported.examined.kind
    with recording(f"registry.import_{kind}", by=by, now=now):
        _still_so(directory)
        if imported.plan is not None:
            return store_units(imported.plan, by=by, now=now)
        keep = store_staff if kind == "staff" else store_pupils
        return keep(imported.examined, directory, imported.setting, by=by, now=now)


def _still_so(directory: Registry) -> None:
    """Under the head's lock: nobody wrote to the registry since the file was held against it."""
    since = Change.objects.filter(position__gt=directory.position).values_list("detail", flat=True)
    if any(table.startswith("registry_") for detail in since.iterator() for table in detail["rows"]):
        raise RegistryChanged()
