"""What can be wrong with a spreadsheet, a row of it, or a cell. No sentence holds a whole number or phone."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem

_REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY

# ---- the file ---------------------------------------------------------------------------------------


class FileEmpty(Problem):
    status, code = _REFUSED, "file-empty"
    text = _("The file holds no rows. Check that you chose the right file.")


class FileBroken(Problem):
    status, code = _REFUSED, "file-broken"
    text = _(
        "The file cannot be read: it is damaged or cut off. Open it in Excel, save it anew and try again."
    )


class FileLocked(Problem):
    status, code = _REFUSED, "file-locked"
    text = _("The file is protected by a password. Save a copy without a password and import that.")


class FileMisnamed(Problem):
    status, code = _REFUSED, "file-misnamed"
    text = _(
        "The name ends in “{suffix}”, but the content is {content}. "
        "Open it in Excel and save it as .xlsx, or give it the right ending."
    )


class FileUnsupported(Problem):
    status, code = _REFUSED, "file-unsupported"
    text = _("Files that end in “{suffix}” cannot be imported. Save the table as .xlsx or .csv.")


class FileBomb(Problem):
    status, code = _REFUSED, "file-bomb"
    text = _("Unpacked, the file would fill {megabytes} MB; at most {limit} MB are read. Split the table.")


class FileTooWide(Problem):
    status, code = _REFUSED, "file-too-wide"
    text = _(
        "The sheet has {rows} rows and {columns} columns. Delete what stands far from the table, "
        "blank rows and columns too, and save it again."
    )


class FileTooLarge(Problem):
    status, code = _REFUSED, "file-too-large"
    text = _("The file has {megabytes} MB; at most {limit} MB are read. Split the table.")


class FileSuspicious(Problem):
    status, code = _REFUSED, "file-suspicious"
    text = _("The file declares entities of its own, which no spreadsheet needs. Save it anew in Excel.")


class EncodingUnknown(Problem):
    status, code = _REFUSED, "encoding-unknown"
    text = _("The text is neither UTF-8, GB18030 nor UTF-16. Save it as “CSV UTF-8” in Excel.")


class TextDamaged(Problem):
    status, code = _REFUSED, "text-damaged"
    text = _(
        "From this row on the text is no {encoding}: it is cut off, or two files were put together. "
        "Get it anew, or save it as “CSV UTF-8” in Excel."
    )


class QuotesUnbalanced(Problem):
    status, code = _REFUSED, "quotes-unbalanced"
    text = _("The quotation marks in row {row} do not pair, so rows after it may hang on it. Mend them.")


class CellHuge(Problem):
    status, code = _REFUSED, "cell-huge"
    text = _("A cell in row {row} holds more than {limit} characters. Shorten it.")


class HeadingsNotFound(Problem):
    status, code = _REFUSED, "headings-not-found"
    text = _("No row has the headings of this template: {headings}. Start from `fangxian import --template`.")


class HeadingMissing(Problem):
    status, code = _REFUSED, "heading-missing"
    text = _("The heading “{column}” is missing in this row. Add the column, or name it so.")


class HeadingTwice(Problem):
    status, code = _REFUSED, "heading-twice"
    text = _("The heading “{column}” stands twice. Keep one of the two columns.")


# ---- a cell -----------------------------------------------------------------------------------------


class CellMissing(Problem):
    status, code = _REFUSED, "cell-missing"
    text = _("“{column}” is blank. Fill it in.")


class CellTooLong(Problem):
    status, code = _REFUSED, "cell-too-long"
    text = _("“{column}” holds {length} characters; at most {limit} are kept. Shorten it.")


class FormulaNotComputed(Problem):
    status, code = _REFUSED, "formula-not-computed"
    text = _("“{column}” holds a formula that was never computed. Open the file in Excel and save it.")


class CellError(Problem):
    status, code = _REFUSED, "cell-error"
    text = _("“{column}” shows the error {shown}. Mend the formula, or write the value.")


class CellBecameDate(Problem):
    status, code = _REFUSED, "cell-became-date"
    text = _("Excel has taken this for the date {text}. Format the column as text and write it again.")


class NameDamaged(Problem):
    status, code = _REFUSED, "name-damaged"
    text = _("A character of “{text}” was lost when the file was saved. Write the name again, save as .xlsx.")


class NameUnreadable(Problem):
    status, code = _REFUSED, "name-unreadable"
    text = _("“{text}” is not a name. Write the name in letters or characters.")


class SexUnreadable(Problem):
    status, code = _REFUSED, "sex-unreadable"
    text = _("“{text}” is not a sex. Write 男 or 女.")


class IdNumberLength(Problem):
    status, code = _REFUSED, "id-number-length"
    text = _("An ID number has 17 digits and a check digit; this one has {length} characters or other signs.")


class IdNumberOld(Problem):
    status, code = _REFUSED, "id-number-old"
    text = _("This is an ID number of 15 digits, which carries no check digit. Write the 18 of today's card.")


class IdNumberRegion(Problem):
    status, code = _REFUSED, "id-number-region"
    text = _("No province has ID numbers that start with {region}. Check the first digits.")


class IdNumberBirth(Problem):
    status, code = _REFUSED, "id-number-birth"
    text = _("The digits 7 to 14 of the ID number are no possible birth date. Check them.")


class IdNumberCheck(Problem):
    status, code = _REFUSED, "id-number-check"
    text = _("The check digit of the ID number does not fit: a digit is wrong or two are swapped. Check it.")


class IdNumberRounded(Problem):
    status, code = _REFUSED, "id-number-rounded"
    text = _(
        "Excel has rounded this ID number, and its last digits are lost. "
        "Format the column as text and type the number again."
    )


class PhoneUnreadable(Problem):
    status, code = _REFUSED, "phone-unreadable"
    text = _("A mobile number has 11 digits and starts with 1; this one has {digits} digits. Check it.")


class DayUnreadable(Problem):
    status, code = _REFUSED, "day-unreadable"
    text = _("“{text}” is not a date. Write it like 2020-02-12.")


class DayImpossible(Problem):
    status, code = _REFUSED, "day-impossible"
    text = _("There is no day “{text}”. Check month and day.")


class StageUnknown(Problem):
    status, code = _REFUSED, "stage-unknown"
    text = _("“{text}” is not a stage. Use one of: {stages}.")


class KeyAreaUnknown(Problem):
    status, code = _REFUSED, "key-area-unknown"
    text = _("“{text}” is not a key area. Use some of: {areas}.")


class CodeUnreadable(Problem):
    status, code = _REFUSED, "code-unreadable"
    text = _("“{text}” cannot be a unit's code. Use at most {limit} letters, digits, hyphens and full stops.")


# ---- a row ------------------------------------------------------------------------------------------


class UnitNameAmbiguous(Problem):
    status, code = HTTPStatus.CONFLICT, "unit-name-ambiguous"
    text = _("Several units are called “{unit}”: {choices}. Write the code of the one that you mean.")


class UnknownClass(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-class"
    text = _("“{school}” has no class “{unit}”. Check the name, or import the class first.")


class TwiceInFile(Problem):
    status, code = HTTPStatus.CONFLICT, "twice-in-file"
    text = _("The same ID number stands in row {row} of this file already. Keep the row that is right.")


class UnitTwiceInFile(Problem):
    status, code = HTTPStatus.CONFLICT, "unit-twice-in-file"
    text = _("The same unit stands in row {row} of this file already. Keep the row that is right.")


class KnownByAnotherName(Problem):
    status, code = HTTPStatus.CONFLICT, "known-by-another-name"
    text = _("The registry knows this ID number under another name. Check both the number and the name.")


class WrongParent(Problem):
    status, code = _REFUSED, "wrong-parent"
    text = _("A unit of the kind “{kind}” does not lie under “{parent}”. Choose another superior unit.")


class ParentMissing(Problem):
    status, code = _REFUSED, "parent-missing"
    text = _("A unit of the kind “{kind}” lies under another. Fill in “{column}”.")


class AreaBothWays(Problem):
    status, code = _REFUSED, "area-both-ways"
    text = _("“{area}” is given both as here and as none here. Keep one.")


class UnknownResponsible(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-responsible"
    text = _("The registry has nobody with this ID number. Import the staff first, or leave this blank.")


class GuardianNameless(Problem):
    status, code = _REFUSED, "guardian-nameless"
    text = _("There is a guardian's phone but no guardian. Fill in the guardian's name.")


class NothingToFindBy(Problem):
    status, code = _REFUSED, "nothing-to-find-by"
    text = _("The row has neither name, ID number nor phone, so nobody can be found by it. Fill in one.")


# ---- warnings ---------------------------------------------------------------------------------------


class SexAgainstIdNumber(Problem):
    status, code = HTTPStatus.OK, "sex-against-id-number"
    text = _("“{column}” does not agree with the ID number. Check both.")


class BirthAgainstIdNumber(Problem):
    status, code = HTTPStatus.OK, "birth-against-id-number"
    text = _("The birth date does not agree with the ID number. Check both.")


class AgeUnlikely(Problem):
    status, code = HTTPStatus.OK, "age-unlikely"
    text = _("By the ID number this person is {age} years old. Check the number.")


class AlreadyThere(Problem):
    status, code = HTTPStatus.OK, "already-there"
    text = _("This is in the registry already; nothing changes.")


class NobodyToCall(Problem):
    status, code = HTTPStatus.OK, "nobody-to-call"
    text = _("No guardian with a phone is given, so nobody of this household can be called.")


class WithoutZone(Problem):
    status, code = HTTPStatus.OK, "without-zone"
    text = _("“{unit}” lies in no zone. Give it one in the column “{column}”.")


class ColumnsNotRead(Problem):
    status, code = HTTPStatus.OK, "columns-not-read"
    text = _("These columns are not read: {columns}.")


class ColumnsTold(Problem):
    status, code = HTTPStatus.OK, "columns-told"
    text = _("Told by what stands in them, as the heading does not say it: {columns}. Change it with --map.")


class ChosenNotFound(Problem):
    status, code = HTTPStatus.OK, "chosen-not-found"
    text = _("No column is called “{column}”, for which a meaning was chosen.")


class SheetNotRead(Problem):
    status, code = HTTPStatus.OK, "sheet-not-read"
    text = _("This sheet has none of the headings; its {rows} rows are ignored.")


class HiddenSheet(Problem):
    status, code = HTTPStatus.OK, "hidden-sheet"
    text = _("This sheet is hidden; its rows are read like all others. Leave them out with --leave-hidden.")


class HiddenRows(Problem):
    status, code = HTTPStatus.OK, "hidden-rows"
    text = _("Hidden rows are read like all others: {rows}. Leave them out with --leave-hidden.")


class HiddenColumns(Problem):
    status, code = HTTPStatus.OK, "hidden-columns"
    text = _("Hidden columns are read like all others: {columns}. Leave them out with --leave-hidden.")


class MergedCells(Problem):
    status, code = HTTPStatus.OK, "merged-cells"
    text = _("Cells merged over several rows count for each of them: {columns}.")


class ControlSigns(Problem):
    status, code = HTTPStatus.OK, "control-signs"
    text = _("This row holds signs that no text has (NUL and the like); they are read as blanks. Look at it.")


class NoRows(Problem):
    status, code = HTTPStatus.OK, "no-rows"
    text = _("There are headings, but no rows below them.")


# ---- the command ------------------------------------------------------------------------------------


class ListsAreNotKept(Problem):
    status, code = HTTPStatus.NOT_IMPLEMENTED, "lists-are-not-kept"
    text = _("Lists can be checked, not stored yet. Add --dry-run.")


class NoLedger(Problem):
    status, code = HTTPStatus.NOT_FOUND, "no-ledger"
    text = _("There is no ledger in {path}. Run `fangxian init`, or give --dry-run with --units NAMES.txt.")


class FileChanged(Problem):
    status, code = HTTPStatus.CONFLICT, "file-changed"
    text = _("“{name}” changed after it was checked, so nothing was stored. Check it again.")


class FileErased(Problem):
    status, code = HTTPStatus.GONE, "file-erased"
    text = _("File {file} is not kept, or its term is over. `fangxian kept` lists what there is.")


class RegistryChanged(Problem):
    status, code = HTTPStatus.CONFLICT, "registry-changed"
    text = _("The registry changed after this file was checked, so nothing was stored. Check the file again.")


class RowsRejected(Problem):
    status, code = _REFUSED, "rows-rejected"
    text = _("{rows} rows are not in order, so nothing was stored. Mend them, or use --policy partial.")
