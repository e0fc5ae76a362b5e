"""Keeps the files that were imported, sealed and for a term, and how each source's columns were taken."""

import hashlib
import zlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from fangxian.kernel.changes import recording
from fangxian.kernel.secrets import keyring

from ..models import KeptContent, KeptFile
from .problems import FileChanged, FileErased

KEEP_DAYS = 180  # until the file is erased: long enough to look up where a row came from, and no longer
_NAME, _SOURCE = 255, 80
_COLUMNS = ("id", "kind", "source", "name", "sha256", "size", "mapping", "erase_on")


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep_file(
    *,
    path: Path,
    sha256: str,
    kind: str,
    source: str,
    mapping: Mapping[str, str],
    day: date,
    days: int,
    by: str,
    now: datetime,
) -> int:
    """Keep the file that had this hash when it was checked, until `days` after `day`. Raises FileChanged."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FileChanged(name=path.name)
    with recording("registry.keep_file", by=by, now=now) as change:
        (key,) = change.ids(KeptFile, 1)
        row = (key, kind, source[:_SOURCE], path.name[:_NAME], sha256, len(content), dict(mapping))
        change.append(KeptFile, _COLUMNS, [(*row, day + timedelta(days=days))])
        if days > 0:
            sealed = keyring().seal_bytes(zlib.compress(content, 1))
            change.append(KeptContent, ("file_id", "sealed"), [(key, sealed)])
    return key


def mapping_of(source: str, kind: str) -> dict[str, str]:
    """How the columns of this source's last file of this kind were taken."""
    last = KeptFile.objects.filter(source=source[:_SOURCE], kind=kind).order_by("-id").first()
    return dict(last.mapping) if last is not None else {}


def kept_content(file: int) -> bytes:
    """The file as it was brought. Raises FileErased where it is not kept, or no longer."""
    held = KeptContent.objects.filter(file=file).first()
    if held is None:
        raise FileErased(file=file)
    return zlib.decompress(keyring().open_bytes(held.sealed))


def erase_kept_files(*, day: date, by: str, now: datetime) -> int:
    """Erase the contents whose term is over on `day`; how many. That they were imported stays known."""
    due = KeptContent.objects.filter(file__erase_on__lte=day)
    if not due.exists():
        return 0
    with recording("registry.erase_kept_files", by=by, now=now) as change:
        gone, _tables = due.delete()
        change.detail["erased"] = gone
    return gone
