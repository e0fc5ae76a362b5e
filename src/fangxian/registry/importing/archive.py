"""Before a packed workbook is unpacked: how large it is, whether it is locked, what its XML declares.

A bomb is refused by the sizes in the archive's directory; as those may lie, each member is then unpacked
once in small pieces, never past the size that it declares, and held against its checksum. Its XML is parsed
on the way, for what is not well-formed would be read up to there and no further, in silence.
"""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from .looks import Looks, Scanner
from .problems import FileBomb, FileBroken, FileLocked, FileSuspicious
from .result import FileRefused

LIMIT = 1 << 30  # bytes unpacked, of all members
STEEP = 200  # unpacked over packed; sheets of one repeated row reach about 60
SMALL = 64 << 20  # below this, steepness is no danger
MEMBERS = 5_000
_PIECE = 1 << 20
_BROKEN = (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


def check_archive(path: Path) -> dict[str, Looks]:
    """What its sheets look like, by the member that holds them.

    Raises FileRefused for a bomb, a locked, broken or suspicious archive.
    """
    with path.open("rb") as file:
        return _check(file, path.stat().st_size)


def check_content(content: bytes) -> bytes:
    """What was sent, looked through before it is unpacked. Raises the problem that a file is refused for:
    FileBroken, FileLocked, FileBomb, FileSuspicious."""
    try:
        _check(io.BytesIO(content), len(content))
    except FileRefused as refused:
        raise refused.problem from refused
    return content


def _check(file: IO[bytes], packed: int) -> dict[str, Looks]:
    looks: dict[str, Looks] = {}
    try:
        with ZipFile(file) as archive:
            members = archive.infolist()
            _refuse_bombs(members, packed)
            for member in members:
                _refuse_locked(archive, member)
                found = _look_through(archive, member)
                if found is not None:
                    looks[member.filename] = found
    except _BROKEN as error:
        raise FileRefused(FileBroken()) from error
    return looks


def _refuse_bombs(members: list[ZipInfo], packed: int) -> None:
    total = sum(member.file_size for member in members)
    if total > LIMIT or len(members) > MEMBERS or (total > SMALL and total > STEEP * packed):
        raise FileRefused(FileBomb(megabytes=total >> 20, limit=LIMIT >> 20))


def _refuse_locked(archive: ZipFile, member: ZipInfo) -> None:
    if member.flag_bits & 0x1:
        raise FileRefused(FileLocked())
    if member.filename == "META-INF/manifest.xml" and b"encryption-data" in archive.read(member):
        raise FileRefused(FileLocked())


def _look_through(archive: ZipFile, member: ZipInfo) -> Looks | None:
    is_xml = member.filename.endswith((".xml", ".rels"))
    scanner = Scanner() if is_xml and "worksheets/" in member.filename else None
    parser = _parser() if is_xml else None
    for piece in pieces(archive, member):
        if parser is not None:
            _parse(parser, piece, last=False)
        if scanner is not None:
            scanner.feed(piece)
    if parser is not None and member.file_size:
        _parse(parser, b"", last=True)
    return scanner.close() if scanner is not None else None


def pieces(archive: ZipFile, member: ZipInfo) -> Iterator[bytes]:
    """Of a megabyte each."""
    with archive.open(member) as file:
        while piece := file.read(_PIECE):
            yield piece


def _parser() -> expat.XMLParserType:
    """Refuses declarations of entities, wherever and in whatever encoding they stand."""

    def refuse(*_told: object) -> None:
        raise FileRefused(FileSuspicious())

    def declared(_version: str, encoding: str | None, _alone: int) -> None:
        if encoding is not None and encoding.casefold() not in ("utf-8", "us-ascii", "ascii", "utf-16"):
            raise FileRefused(FileBroken())

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.XmlDeclHandler = declared
    return parser


def _parse(parser: expat.XMLParserType, piece: bytes, *, last: bool) -> None:
    try:
        parser.Parse(piece, last)
    except expat.ExpatError as error:
        raise FileRefused(FileBroken()) from error
