"""Reads a file as the next issue of a list: by the importer's one way, with the mapping of its office."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import day_of
from fangxian.registry.importing.cells import Setting
from fangxian.registry.importing.directory import NamedUnits
from fangxian.registry.importing.examine import Import, examine
from fangxian.registry.importing.keeping import mapping_of
from fangxian.registry.importing.rows import Choices

from .models import List
from .problems import ListNotThere


def read_issue(
    listing: int,
    path: Path,
    *,
    now: datetime,
    policy: str = "atomic",
    chosen: Mapping[str, str] | None = None,
    leave_hidden: bool = False,
    setting: Setting | None = None,
) -> Import:
    """Read and check; stores nothing. What is not chosen now is taken as it was for the office's last file.

    Raises ListNotThere.
    """
    held = List.objects.select_related("source").filter(pk=listing).first()
    if held is None:
        raise ListNotThere(list=listing)
    chosen = dict(chosen or {})
    said = set(chosen.values()) - {""}
    before = {c: wanted for c, wanted in mapping_of(held.source.name, "list").items() if wanted not in said}
    if setting is None:
        setting = Setting(day_of(now), invented=demonstration_of(current_home()) is not None)
    return examine(
        path,
        "list",
        directory=NamedUnits([]),
        setting=setting,
        policy=policy,
        choices=Choices(before | chosen, leave_hidden),
    )
