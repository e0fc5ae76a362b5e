"""What can be wrong with a visit to a page."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class NothingRecorded(Problem):
    status, code = HTTPStatus.NOT_FOUND, "nothing-recorded"
    text = _(
        "Nothing has been recorded here yet. Import a roster with `fangxian import`, "
        "or build the demonstration with `fangxian demo`."
    )


class NotLoopback(Problem):
    status, code = HTTPStatus.FORBIDDEN, "not-loopback"
    text = _(
        "“{host}” can be reached by others. Pages are served on this machine alone, behind a proxy that "
        "speaks TLS: use 127.0.0.1, ::1 or localhost."
    )


class ClockNotMovable(Problem):
    status, code = HTTPStatus.CONFLICT, "clock-not-movable"
    text = _("Only a demonstration's clock can be moved, and {home} holds none. Leave out --clock.")


class PortTaken(Problem):
    status, code = HTTPStatus.CONFLICT, "port-taken"
    text = _("Port {port} of {host} is in use. Choose another one with --port.")


class NobodyResponsible(Problem):
    status, code = HTTPStatus.NOT_FOUND, "nobody-responsible"
    text = _("“{unit}” has no first responsible person. Ask its centre school, and have one entered.")


class NothingOwed(Problem):
    status, code = HTTPStatus.CONFLICT, "nothing-owed"
    text = _("There is nobody to be reminded: what was owed has come, or they were reminded today.")


class RemindToday(Problem):
    status, code = HTTPStatus.CONFLICT, "remind-today"
    text = _("This page is of an earlier moment. Go back to now: reminders are of what is owed today.")


class RecordNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "record-not-there"
    text = _("“{figure}” has no such record at “{unit}” at this moment. Open its list of records anew.")


class UnitNotInside(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unit-not-inside"
    text = _("On {day} no unit “{unit}” counts under “{within}”. Choose one of the units that are offered.")


class DayUnreadable(Problem):
    status, code = HTTPStatus.BAD_REQUEST, "day-unreadable"
    text = _("“{text}” is not a day. Write it like 2020-02-12.")


class NotNarrowable(Problem):
    status, code = HTTPStatus.NOT_FOUND, "not-narrowable"
    text = _(
        "These records cannot be narrowed by “{by}”. Open the list anew, and choose from what it offers."
    )


class PageNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "page-not-there"
    text = _("There is no page {page} of this list; it has {pages}. Go to its first page.")


class UnknownFormat(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-format"
    text = _("There is no file of the kind “{format}”. There are: {formats}.")


class UploadMissing(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "upload-missing"
    text = _("No file was chosen. Choose an .xlsx, .xls, .ods, .csv or .tsv file.")


class UploadGone(Problem):
    status, code = HTTPStatus.GONE, "upload-gone"
    text = _("This file is no longer here, or is somebody else's. Nothing was stored; hand it in anew.")


class ChoiceMissing(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "choice-missing"
    text = _("Nothing was chosen. Say who it is, that it is none of them, or that it cannot be told.")


class ReasonMissing(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "reason-missing"
    text = _("Say in ten signs or more why whole numbers are needed.")


class FormFileUnfit(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "form-file-unfit"
    text = _("Choose an XLSForm: an Excel file whose name ends in .xlsx, with the sheets survey and choices.")


class FormFileTooLarge(Problem):
    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "form-file-too-large"
    text = _("This file is larger than {megabytes} MB. Take pictures and unused sheets out of it.")


class UnitNotFound(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unit-not-found"
    text = _("No one unit here is called “{text}”. Write its code, or choose from the list.")


class NoticeEmpty(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "notice-empty"
    text = _("Write the notice, in 5 to {longest} characters.")


class RoundsAlone(Problem):
    status, code = HTTPStatus.CONFLICT, "rounds-alone"
    text = _("This campaign is not asked in rounds: there is none to open.")


class NoSuchStep(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "no-such-step"
    text = _("This page sent no step that there is. Open it anew and press one of its buttons.")
