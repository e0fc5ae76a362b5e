"""Lists of other offices: matching is for wrong numbers, so only a row without any key is refused."""

from fangxian.kernel.problems import Problem

from ..id_numbers import read_id_number
from .cells import Setting
from .columns import LIST
from .directory import Directory
from .problems import BirthAgainstIdNumber, NothingToFindBy, PhoneUnreadable
from .result import Examined, Remark, Row


def check_list(examined: Examined, directory: Directory, setting: Setting) -> None:
    at = {column.field: place for place, column in enumerate(LIST)}
    keys = [at[field] for field in ("name", "id_number", "phone")]
    bare = [row for row in examined.rows if not any(row.values[key] for key in keys)]
    examined.reject([Remark(row.sheet, row.row, "", NothingToFindBy()) for row in bare])
    heading = LIST[at["id_number"]].heading
    for row in examined.rows:
        phone = row.values[at["phone"]]
        if phone and len(phone) != 11:
            doubtful = PhoneUnreadable(digits=len(phone))
            examined.warnings.append(Remark(row.sheet, row.row, LIST[at["phone"]].heading, doubtful))
        number = row.values[at["id_number"]]
        doubt = _doubt(number, row, at, setting) if number else None
        if doubt is not None:
            examined.warnings.append(Remark(row.sheet, row.row, heading, doubt))


def _doubt(number: str, row: Row, at: dict[str, int], setting: Setting) -> Problem | None:
    if "*" in number or len(number) == 15:
        return None
    try:
        read = read_id_number(number, today=setting.today, invented=setting.invented)
    except Problem as problem:
        return problem
    birth = row.values[at["birth"]]
    return BirthAgainstIdNumber() if not read.birth.isoformat().startswith(birth) else None
