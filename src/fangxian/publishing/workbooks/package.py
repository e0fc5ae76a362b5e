"""Writes into the cells of an .xlsx package and leaves all else as it is, byte for byte.

A library that reads a workbook and writes it again loses what it does not know: shapes, slicers, newer kinds
of validation and of conditional formats; and it writes the rest in its own way. Here the XML of the sheets
that are filled is changed at the cells alone; every other part is copied.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml import etree
from openpyxl.utils import column_index_from_string, get_column_letter

from .problems import NoSuchCell, WorkbookStrict, WorkbookUnreadable

Value = int | float | str
Cell = tuple[str, str]  # sheet, reference
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CORE = f"{_PACKAGE}/metadata/core-properties"
_DC = "http://purl.org/dc/elements/1.1/"
_BOOK = "xl/workbook.xml"
_LINKS = "xl/_rels/workbook.xml.rels"
_TYPES = "[Content_Types].xml"
_ABOUT = "xl/worksheets/fangxian.xml"
REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
BEFORE_CALCULATION = ("sheets", "functionGroups", "externalReferences", "definedNames")


@dataclass(frozen=True)
class Package:
    """An .xlsx file that `archive.check_archive` has let pass."""

    content: bytes

    @cached_property
    def _parts(self) -> dict[str, bytes]:
        with ZipFile(io.BytesIO(self.content)) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._parts)

    @cached_property
    def sheets(self) -> dict[str, str]:
        """The part of each sheet, by its name. Raises WorkbookStrict, WorkbookUnreadable."""
        book = self._tree(_BOOK)
        if etree.QName(book).namespace == STRICT:
            raise WorkbookStrict()
        targets = {link.get("Id"): link.get("Target", "") for link in self._tree(_LINKS)}
        found = {}
        for sheet in book.iter(f"{{{MAIN}}}sheet"):
            part = _part(targets.get(sheet.get(f"{{{RELATED}}}id"), ""))
            if part in self._parts and "/worksheets/" in part:
                found[sheet.get("name", "")] = part
        if not found:
            raise WorkbookUnreadable(reason="—")
        return found

    def tree(self, sheet: str) -> Any:
        """The XML of a sheet. Raises NoSuchCell."""
        if sheet not in self.sheets:
            raise NoSuchCell(sheet=sheet, cell="A1")
        return self._tree(self.sheets[sheet])

    def _tree(self, part: str) -> Any:
        try:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
            return etree.fromstring(self._parts[part], parser)
        except (KeyError, etree.XMLSyntaxError) as error:
            raise WorkbookUnreadable(reason=part) from error

    @cached_property
    def book(self) -> Any:
        return self._tree(_BOOK)

    # ------------------------------------------------------------------------------ filling

    def filled(
        self,
        values: Mapping[Cell, Value],
        *,
        about: Sequence[Sequence[Value]],
        about_name: str,
        identifier: str,
        description: str,
    ) -> bytes:
        """The workbook with these values in its cells, and a hidden sheet that tells what they are. Formulas
        stay; what they last gave is taken out, so that nobody reads yesterday's total beside today's parts.
        """
        new: dict[str, bytes] = {}
        for name, part in self.sheets.items():
            root, wanted = self._tree(part), {cell: v for (s, cell), v in values.items() if s == name}
            for cell, value in wanted.items():
                write(root, cell, value)
            if _forget_results(root) or wanted:
                new[part] = _bytes(root)
        new |= self._with_about(about, about_name) | self._with_properties(identifier, description)
        return self._packed(new)

    def _with_about(self, rows: Sequence[Sequence[Value]], name: str) -> dict[str, bytes]:
        book, links, types = self._tree(_BOOK), self._tree(_LINKS), self._tree(_TYPES)
        sheets = book.find(f"{{{MAIN}}}sheets")
        ids = {int(sheet.get("sheetId", "0")) for sheet in sheets}
        taken = {link.get("Id") for link in links}
        link_id = next(f"rIdFangxian{n}" for n in range(1, 99) if f"rIdFangxian{n}" not in taken)
        kept = {sheet.get("name", "").casefold() for sheet in sheets}
        free = next(n for n in (name, *(f"{name}{n}" for n in range(2, 99))) if n.casefold() not in kept)
        sheet = etree.SubElement(sheets, f"{{{MAIN}}}sheet")
        sheet.set("name", free)
        sheet.set("sheetId", str(max(ids, default=0) + 1))
        sheet.set("state", "hidden")
        sheet.set(f"{{{RELATED}}}id", link_id)
        _count_on_opening(book)
        _link(links, link_id, f"{RELATED}/worksheet", "worksheets/fangxian.xml")
        _type(
            types, f"/{_ABOUT}", "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
        )
        return {
            _BOOK: _bytes(book),
            _LINKS: _bytes(links),
            _TYPES: _bytes(types),
            _ABOUT: _bytes(_about_sheet(rows)),
        }

    def _with_properties(self, identifier: str, description: str) -> dict[str, bytes]:
        """Only where the workbook has properties: every office program gives it some."""
        part = "docProps/core.xml"
        if part not in self._parts:
            return {}
        root = self._tree(part)
        for name, text in (("identifier", identifier), ("description", description)):
            found = root.find(f"{{{_DC}}}{name}")
            if found is None:
                found = etree.SubElement(root, f"{{{_DC}}}{name}")
            found.text = text
        return {part: _bytes(root)}

    def _packed(self, new: Mapping[str, bytes]) -> bytes:
        packed = io.BytesIO()
        with ZipFile(io.BytesIO(self.content)) as old, ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            for info in old.infolist():
                told = ZipInfo(info.filename, info.date_time)
                told.compress_type, told.external_attr = ZIP_DEFLATED, info.external_attr
                archive.writestr(told, new.get(info.filename, self._parts[info.filename]))
            for part in new.keys() - self._parts.keys():
                archive.writestr(ZipInfo(part, (2020, 1, 1, 0, 0, 0)), new[part], ZIP_DEFLATED)
        return packed.getvalue()


def split(cell: str) -> tuple[int, int]:
    """Column and row of a reference, both from 1. Raises NoSuchCell."""
    found = REFERENCE.fullmatch(cell)
    if not found or int(found[2]) > 1_048_576 or column_index_from_string(found[1]) > 16_384:
        raise NoSuchCell(sheet="", cell=cell)
    return column_index_from_string(found[1]), int(found[2])


def write(root: Any, cell: str, value: Value) -> None:
    """Put a value into a cell of a sheet's XML, keeping its style: a number as a number, a text as a text;
    neither is ever a formula."""
    node = _cell(root, *split(cell))
    for child in list(node):
        node.remove(child)
    node.attrib.pop("t", None)
    if isinstance(value, str):
        node.set("t", "inlineStr")
        text = etree.SubElement(etree.SubElement(node, f"{{{MAIN}}}is"), f"{{{MAIN}}}t")
        text.text = value
        return
    etree.SubElement(node, f"{{{MAIN}}}v").text = repr(value)


def _cell(root: Any, column: int, row: int) -> Any:
    data = root.find(f"{{{MAIN}}}sheetData")
    _say_places(data)
    line = _placed(data, "row", row, lambda node: int(node.get("r")), str(row))
    reference = f"{get_column_letter(column)}{row}"
    before = len(line)
    node = _placed(line, "c", column, lambda node: split(node.get("r"))[0], reference)
    if len(line) > before and (style := line.get("s") or _style_of_column(root, column)):
        node.set("s", style)
    line.attrib.pop("spans", None)
    return node


def _placed(parent: Any, tag: str, place: int, place_of: Any, reference: str) -> Any:
    """The child at a place; where there is none, a new one in its order."""
    for index, child in enumerate(parent):
        at = place_of(child)
        if at == place:
            return child
        if at > place:
            new = etree.Element(f"{{{MAIN}}}{tag}", r=reference)
            parent.insert(index, new)
            return new
    return etree.SubElement(parent, f"{{{MAIN}}}{tag}", r=reference)


def _say_places(data: Any) -> None:
    """A writer may leave out where a row or a cell stands: it follows the one before."""
    row = 0
    for line in data:
        row = int(line.get("r") or row + 1)
        line.set("r", str(row))
        column = 0
        for node in line:
            column = split(node.get("r"))[0] if node.get("r") else column + 1
            node.set("r", f"{get_column_letter(column)}{row}")


def _style_of_column(root: Any, column: int) -> str | None:
    for found in root.iter(f"{{{MAIN}}}col"):
        if int(found.get("min")) <= column <= int(found.get("max")):
            return found.get("style")
    return None


def _forget_results(root: Any) -> bool:
    """Whether the sheet holds formulas."""
    found = False
    for formula in root.iter(f"{{{MAIN}}}f"):
        cell = formula.getparent()
        for value in cell.findall(f"{{{MAIN}}}v"):
            cell.remove(value)
        cell.attrib.pop("t", None)
        found = True
    return found


def _count_on_opening(book: Any) -> None:
    """Formulas are worked out anew by whatever opens the workbook."""
    found = book.find(f"{{{MAIN}}}calcPr")
    if found is None:
        after = [node for node in book if etree.QName(node).localname in BEFORE_CALCULATION][-1]
        found = etree.Element(f"{{{MAIN}}}calcPr")
        after.addnext(found)
    found.set("fullCalcOnLoad", "1")


def _about_sheet(rows: Sequence[Sequence[Value]]) -> Any:
    root = etree.Element(f"{{{MAIN}}}worksheet", nsmap={None: MAIN})
    etree.SubElement(root, f"{{{MAIN}}}sheetData")
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values, start=1):
            if value != "":
                write(root, f"{get_column_letter(column)}{row}", value)
    return root


def _link(links: Any, id: str, kind: str, target: str) -> None:
    node = etree.SubElement(links, f"{{{_PACKAGE}/relationships}}Relationship")
    node.set("Id", id)
    node.set("Type", kind)
    node.set("Target", target)


def _type(types: Any, part: str, kind: str) -> None:
    node = etree.SubElement(types, f"{{{_PACKAGE}/content-types}}Override")
    node.set("PartName", part)
    node.set("ContentType", kind)


def _part(target: str) -> str:
    """Where a link of the workbook leads."""
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _bytes(root: Any) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def formulas(root: Any) -> Iterator[tuple[str, str]]:
    """Cell -> formula of a sheet; of a shared one that is told elsewhere, "="."""
    data = root.find(f"{{{MAIN}}}sheetData")
    _say_places(data)
    for formula in data.iter(f"{{{MAIN}}}f"):
        yield formula.getparent().get("r"), f"={formula.text or ''}"


def merged(root: Any) -> list[str]:
    """The merged areas of a sheet, like A1:C2."""
    return [node.get("ref", "") for node in root.iter(f"{{{MAIN}}}mergeCell")]
