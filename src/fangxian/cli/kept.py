"""kept: the files that were imported, sealed in the ledger until their term is over."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click


def register(group: click.Group) -> None:
    group.add_command(kept)


@click.command()
@click.option("--save", "file", type=int, metavar="ID", help="Write this file as it was brought.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
@click.option("--erase", is_flag=True, help="Erase the files whose term is over.")
@click.option("--at", "moment", metavar="MOMENT", help="When it is recorded (default: now).")
@click.option("--by", default="cli", show_default=True, help="Who does it, for the change log.")
@click.option("--json", "as_json", is_flag=True, help="One object a file.")
def kept(file: int | None, out: Path | None, erase: bool, moment: str | None, by: str, as_json: bool) -> None:
    """List the imported files: who brought them and when, their hash, and until when they are kept.

    \b
      fangxian kept
      fangxian kept --save 3 --out pupils.xlsx
      fangxian kept --erase
    """
    if (file is None) != (out is None):
        raise click.UsageError("--save ID goes with --out FILE.")
    if file is not None and out is not None:
        _save(file, out)
    elif erase:
        _erase(moment, by)
    else:
        for row in _rows():
            click.echo(json.dumps(row, ensure_ascii=False) if as_json else _line(row))


def _save(file: int, out: Path) -> None:
    from fangxian.registry.importing.keeping import kept_content

    content = kept_content(file)
    out.touch(mode=0o600)
    out.write_bytes(content)


def _erase(moment: str | None, by: str) -> None:
    from django.utils.translation import gettext as _

    from fangxian.cli.import_ import now_of
    from fangxian.kernel.moments import day_of
    from fangxian.registry.importing.keeping import erase_kept_files

    now = now_of(moment)
    click.echo(_("{count} files erased.").format(count=erase_kept_files(day=day_of(now), by=by, now=now)))


def _rows() -> list[dict[str, Any]]:
    from fangxian.kernel.models import Change
    from fangxian.kernel.moments import OFFICE_ZONE
    from fangxian.registry.models import KeptContent, KeptFile

    there = set(KeptContent.objects.values_list("file_id", flat=True))
    files = list(KeptFile.objects.order_by("id"))
    changes = Change.objects.in_bulk([each.recorded for each in files])

    def brought(position: int) -> datetime:
        return changes[position].at.astimezone(OFFICE_ZONE)

    return [
        {
            "id": each.pk,
            "kind": each.kind,
            "source": each.source,
            "name": each.name,
            "sha256": each.sha256,
            "size": each.size,
            "by": changes[each.recorded].by,
            "at": brought(each.recorded).isoformat(),
            "erase_on": each.erase_on.isoformat(),
            "there": each.pk in there,
        }
        for each in files
    ]


def _line(row: dict[str, Any]) -> str:
    from django.utils.translation import gettext as _

    until = _("until {day}").format(day=row["erase_on"]) if row["there"] else _("erased")
    source = f" ({row['source']})" if row["source"] else ""
    return (
        f"{row['id']}  {row['at'][:16]}  {row['by']}  {row['kind']}  {row['name']}{source}  "
        f"{row['size']:,} B  {row['sha256'][:12]}  {until}"
    )
