"""Before a packed workbook is unpacked: how large it is, whether it is locked, what its XML declares.

A bomb is refused by the sizes in the archive's directory; as those may lie, each member is then unpacked
once in small pieces, never past the size that it declares, and held against its checksum.
"""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from .problems import FileBomb, FileBroken, FileLocked, FileSuspicious, FileTooWide
from .result import FileRefused

LIMIT = 1 << 30  # bytes unpacked, of all members
STEEP = 200  # unpacked over packed; sheets of one repeated row reach about 60
SMALL = 64 << 20  # below this, steepness is no danger
MEMBERS = 5_000
CELLS = 30_000_000  # of the rectangle that a sheet spans: 26 columns to Excel's last row
_PIECE = 1 << 20
_LAP = 64
_FAR = re.compile(rb'\br="([A-Z]{2,3})([0-9]{1,7})"')
_ROW = re.compile(rb'<row\b[^>]{0,80}?\br="([0-9]{1,7})"')


def check_archive(path: Path) -> None:
    """Raises FileRefused for a bomb, a locked, broken or suspicious archive."""
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_bombs(members, path.stat().st_size)
            for member in members:
                _refuse_locked(archive, member)
                _look_through(archive, member)
    except (
        BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise FileRefused(FileBroken()) from error


def _refuse_bombs(members: list[ZipInfo], packed: int) -> None:
    total = sum(member.file_size for member in members)
    if total > LIMIT or len(members) > MEMBERS or (total > SMALL and total > STEEP * packed):
        raise FileRefused(FileBomb(megabytes=total >> 20, limit=LIMIT >> 20))


def _refuse_locked(archive: ZipFile, member: ZipInfo) -> None:
    if member.flag_bits & 0x1:
        raise FileRefused(FileLocked())
    if member.filename == "META-INF/manifest.xml" and b"encryption-data" in archive.read(member):
        raise FileRefused(FileLocked())


def _look_through(archive: ZipFile, member: ZipInfo) -> None:
    is_xml = member.filename.endswith((".xml", ".rels"))
    is_sheet = is_xml and "worksheets/" in member.filename
    rows, columns = 1, 26
    for place, piece in enumerate(_pieces(archive, member)):
        if is_xml and place == 0 and (b"<!DOCTYPE" in piece or b"<!ENTITY" in piece):
            raise FileRefused(FileSuspicious())
        if is_sheet:
            rows, columns = _span(piece, rows, columns)
    if rows * columns > CELLS:
        raise FileRefused(FileTooWide(rows=rows, columns=columns))


def _pieces(archive: ZipFile, member: ZipInfo) -> Iterator[bytes]:
    """Of about a megabyte, each beginning with the end of the last, so that no mark is cut in two."""
    lap = b""
    with archive.open(member) as file:
        while piece := file.read(_PIECE):
            yield lap + piece
            lap = piece[-_LAP:]


def _span(piece: bytes, rows: int, columns: int) -> tuple[int, int]:
    """A sheet is held as a whole rectangle: one stray cell at its far corner would fill the memory."""
    for letters, number in _FAR.findall(piece):
        columns, rows = max(columns, _column(letters)), max(rows, int(number))
    return max([rows, *map(int, _ROW.findall(piece))]), columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
