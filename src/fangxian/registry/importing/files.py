"""Opens a table: .xlsx, .xls, .ods, .csv, .tsv. What a file is, its content says and not its name."""

from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from . import delimited, ods, xls, xlsx
from .problems import FileBroken, FileEmpty, FileLocked, FileMisnamed, FileTooLarge, FileUnsupported
from .result import FileRefused
from .sheets import Sheet

SUFFIXES = {
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
}
LIMIT = 512 << 20  # bytes of the file as it lies there
CONTENTS = {
    "xlsx": "Excel (.xlsx)",
    "xls": "Excel 97 (.xls)",
    "ods": "OpenDocument (.ods)",
    "text": "CSV",
    "pdf": "PDF",
    "html": "HTML",
    "xml": "XML",
    "image": "JPEG/PNG/GIF",
    "zip": "ZIP",
    "rar": "RAR/7z",
    "binary": "?",
}


def open_table(path: Path) -> Iterator[Sheet]:
    """The sheets of a file, one after the other. Raises FileRefused."""
    expected = SUFFIXES.get(path.suffix.lower())
    if expected is None:
        raise FileRefused(FileUnsupported(suffix=path.suffix))
    content = content_of(path)
    if content != expected:
        raise FileRefused(FileMisnamed(suffix=path.suffix, content=CONTENTS[content]))
    size = path.stat().st_size
    if size > LIMIT:
        raise FileRefused(FileTooLarge(megabytes=size >> 20, limit=LIMIT >> 20))
    return _READERS[content](path)


def content_of(path: Path) -> str:
    """A key of CONTENTS. Raises FileRefused for an empty or a locked file."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise FileRefused(FileEmpty())
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed_content(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound_content(path)
    for mark, content in _MARKS:
        if head.startswith(mark):
            return content
    return _textual_content(head)


_MARKS = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf", "rar"),
    (b"\x1f\x8b", "zip"),
)


def _packed_content(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" in names:
                return "xlsx"
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                kind = archive.read("mimetype")
                return "ods" if b"opendocument.spreadsheet" in kind else "zip"
    except (BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise FileRefused(FileBroken()) from error
    return "zip"


def _compound_content(path: Path) -> str:
    """An old .xls, or the envelope that Office puts around a locked workbook."""
    whole = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in whole:
        raise FileRefused(FileLocked())
    books = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
    if any(name in whole for name in books):
        return "xls"
    directory = int.from_bytes(whole[48:52], "little")  # its first sector (MS-CFB 2.2)
    if (directory + 2) * 512 > len(whole):
        raise FileRefused(FileBroken())
    return "binary"


def _textual_content(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head")):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    return "text" if delimited.looks_like_text(head) else "binary"


def _text_sheet(path: Path) -> Iterator[Sheet]:
    text = delimited.decoded(path.read_bytes())
    rows = delimited.rows(text, tabs=path.suffix.lower() == ".tsv")
    yield Sheet("", rows, control_signs=bool(delimited.CONTROL.search(text)))


_READERS = {"text": _text_sheet, "xlsx": xlsx.sheets, "xls": xls.sheets, "ods": ods.sheets}
