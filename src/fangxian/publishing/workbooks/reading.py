"""A template as it comes: refused where it cannot be filled, with a sentence where filling it costs."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from django.utils.translation import gettext as _

from fangxian.registry.importing.archive import check_archive
from fangxian.registry.importing.files import CONTENTS, content_of
from fangxian.registry.importing.result import FileRefused

from .grid import Template
from .package import MAIN, Package, formulas
from .problems import WorkbookOfOldKind, WorkbookTooLarge, WorkbookUnreadable, WorkbookWithMacros

LARGEST = 5 << 20  # bytes of a template
UNPACKED = 16 << 20  # bytes of its cells
MACROS = ("xl/vbaProject.bin", "xl/macrosheets/", "xl/dialogsheets/")


def check_template(content: bytes) -> Package:
    """Raises WorkbookTooLarge, WorkbookOfOldKind, WorkbookWithMacros, WorkbookStrict, WorkbookUnreadable, and
    what the check of archives refuses: FileBroken, FileLocked, FileBomb, FileSuspicious, FileEmpty."""
    if len(content) > LARGEST:
        raise WorkbookTooLarge(megabytes=len(content) >> 20, limit=LARGEST >> 20)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        path.write_bytes(content)
        try:
            kind = content_of(path)
            if kind == "xls":
                raise WorkbookOfOldKind()
            if kind != "xlsx":
                reason = _("it is not an .xlsx workbook but {kind}.").format(kind=CONTENTS[kind])
                raise WorkbookUnreadable(reason=reason)
            check_archive(path)
        except FileRefused as refused:
            raise refused.problem from refused
    package = Package(content)
    _refuse_many_cells(content)
    if any(name.startswith(MACROS) for name in package.names):
        raise WorkbookWithMacros()
    if not Template(content).names:
        raise WorkbookUnreadable(reason=_("all of its sheets are hidden."))
    for sheet in package.sheets:
        package.tree(sheet)
    return package


def _refuse_many_cells(content: bytes) -> None:
    """Sheets that unpack to far more than a form are data; they would be held in memory whole."""
    with ZipFile(io.BytesIO(content)) as archive:
        cells = ("xl/worksheets/", "xl/sharedStrings")
        size = sum(info.file_size for info in archive.infolist() if info.filename.startswith(cells))
    if size > UNPACKED:
        raise WorkbookTooLarge(megabytes=size >> 20, limit=UNPACKED >> 20)


def costs(package: Package) -> Iterator[str]:
    """What is different in a filled copy, or stays in the way: a sentence each."""
    if any(name.startswith("_xmlsignatures/") for name in package.names):
        yield _("The template is signed; the signature is lost when cells are filled. All else is kept.")
    if package.book.find(f"{{{MAIN}}}workbookProtection") is not None:
        yield _("The workbook's structure is protected: cells are filled all the same, the protection stays.")
    for sheet in package.sheets:
        root = package.tree(sheet)
        if root.find(f"{{{MAIN}}}sheetProtection") is not None:
            yield _(
                "Sheet “{sheet}” is protected: its cells are filled all the same, the protection stays."
            ).format(sheet=sheet)
    if any(True for sheet in package.sheets for _formula in formulas(package.tree(sheet))):
        yield _("Formulas are kept and worked out by Excel or WPS when the copy is opened, not before.")
    if any(name.startswith("xl/externalLinks/") for name in package.names):
        yield _("The template points to other workbooks: those links are kept, and may ask to be updated.")
