"""Files as the lake wants them: written once, durable before they are listed, their owner's alone."""

import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from . import manifest as manifests
from .manifest import File, Manifest
from .problems import LakeBroken

ROW_GROUP = 100_000
# A dictionary of values that hardly repeat costs time and saves nothing.
DISTINCT = {"row", "submission", "envelope", "subject", "person", "household", "happened", "position", "at"}


def write_table(
    lake: Path, path: str, table: pa.Table, *, schema: int, day: str = "", ends: bool = False
) -> File:
    """Write a table as one Parquet file, synced to the disk; its folder is synced with the manifest's."""
    sink = pa.BufferOutputStream()
    encoded = [name for name in _leaves(table.schema) if name.split(".")[0] not in DISTINCT]
    pq.write_table(
        table,
        sink,
        compression="zstd",
        row_group_size=ROW_GROUP,
        use_dictionary=encoded,  # type: ignore[arg-type]
        store_schema=False,
    )
    content = sink.getvalue()
    write_bytes(lake / path, memoryview(content))
    digest = hashlib.sha256(content).hexdigest()
    return File(path, table.num_rows, content.size, digest, schema=schema, day=day, ends=ends)


def _leaves(schema: pa.Schema) -> list[str]:
    return [f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in schema]


def make_folder(folder: Path) -> None:
    """A folder that its owner alone may enter, as are those above it that are made on the way."""
    if not folder.exists():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    make_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(lake: Path, manifest: Manifest, fresh: list[File]) -> None:
    """Make this the lake: from the rename on, readers see the new files, and before it the old ones."""
    folders = {(lake / file.path).parent for file in fresh}
    for folder in [*folders, *{folder.parent for folder in folders}]:
        sync_folder(folder)
    coming = lake / f"{manifests.NAME}.new"
    coming.unlink(missing_ok=True)
    write_bytes(coming, manifests.dump(manifest))
    os.replace(coming, lake / manifests.NAME)
    sync_folder(lake)


def sweep(lake: Path, manifest: Manifest) -> None:
    """Delete what neither the manifest nor a reader of a recent generation names. Needs the writer's lock."""
    kept = {file.path for file in manifest.files()} | {path for _generation, path in manifest.retired}
    for path in (lake / "data").rglob("*.parquet"):
        if path.relative_to(lake).as_posix() not in kept:
            path.unlink(missing_ok=True)


_verified: set[tuple[str, int, int, int]] = set()


def verify(lake: Path, file: File, *, again: bool = False) -> None:
    """Raises LakeBroken where the file is not what was written. A process reads it once, unless `again`."""
    path = f"{lake}/{file.path}"
    status = os.stat(path)
    seen = (path, status.st_ino, status.st_size, status.st_mtime_ns)
    if again or seen not in _verified:
        with open(path, "rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
                raise LakeBroken(file=file.path, reason="changed")
        _verified.add(seen)
