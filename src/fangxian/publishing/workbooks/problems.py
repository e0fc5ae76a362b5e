"""What can be wrong with an office's workbook, each with a sentence that says what to do."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class WorkbookUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "workbook-unreadable"
    text = _("This workbook cannot be used: {reason}")


class WorkbookTooLarge(Problem):
    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "workbook-too-large"
    text = _("The workbook has {megabytes} MB; a template may have {limit}. Take its data and pictures out.")


class WorkbookOfOldKind(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "workbook-old-kind"
    text = _("This is an .xls workbook of Excel 97. Open it in Excel or WPS and save it as .xlsx.")


class WorkbookWithMacros(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "workbook-macros"
    text = _(
        "This workbook holds macros, which are never run or passed on here. Save it as .xlsx without them."
    )


class WorkbookStrict(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "workbook-strict"
    text = _("This was saved as “Strict Open XML”. Save it as an ordinary “Excel workbook (.xlsx)”.")


class WorkbookNameTaken(Problem):
    status, code = HTTPStatus.CONFLICT, "workbook-name-taken"
    text = _(
        "There is a workbook “{name}”. Give this one another name, or put it up as a new version of that."
    )


class WorkbookUnnamed(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "workbook-unnamed"
    text = _("Give the workbook a name of 2 to 60 characters: what the office above calls it.")


class UnknownWorkbook(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-workbook"
    text = _("There is no workbook “{workbook}”. The page of workbooks lists them.")


class UnknownVersion(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-workbook-version"
    text = _("“{workbook}” has no version {version}. Its page lists them.")


class UnknownFilling(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-filling"
    text = _("“{workbook}” was not filled a {number}th time. Its page lists when it was filled.")


class NoSuchCell(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "no-such-cell"
    text = _("There is no cell {cell} on a sheet “{sheet}” of this workbook. Write it like B5.")


class CellInMerged(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "cell-in-merged"
    text = _(
        "Cell {cell} lies within the merged area {area}; what is shown there is its first cell. Use {first}."
    )


class CellHasFormula(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "cell-has-formula"
    text = _(
        "Cell {cell} holds the formula {formula}: it is left alone. Map the cells that it adds up instead."
    )


class CellTwice(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "cell-twice"
    text = _("Cell {cell} of “{sheet}” is mapped twice, in lines {first} and {second}. Keep one of them.")


class TargetUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "target-unreadable"
    text = _("“{told}” cannot stand in a cell: {reason}")


class MappingUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "mapping-unreadable"
    text = _("The mapping cannot be read: it is a CSV file with the columns {columns}.")


class VersionSaved(Problem):
    status, code = HTTPStatus.CONFLICT, "workbook-version-saved"
    text = _("Version {version} is saved and does not change any more. Begin a new version from it.")


class VersionOpen(Problem):
    status, code = HTTPStatus.CONFLICT, "workbook-version-open"
    text = _("Version {version} is still being mapped. Save it, then fill it.")


class NothingMapped(Problem):
    status, code = HTTPStatus.CONFLICT, "nothing-mapped"
    text = _("No cell of version {version} is mapped to a figure yet. Click a cell, and choose one.")


class FillingDiffers(Problem):
    status, code = HTTPStatus.CONFLICT, "filling-differs"
    text = _(
        "“{workbook}” No. {number} was counted again and differs from what was filled. Check the lake"
        " (`fangxian lake check`) and tell whoever looks after this installation."
    )
