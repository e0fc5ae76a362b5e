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


class PageNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "page-not-there"
    text = _("There is no page {page} of this list; it has {pages}. Go to its first page.")


class UnknownFormat(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-format"
    text = _("There is no file of the kind “{format}”. There are: {formats}.")


class NoSuchStep(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "no-such-step"
    text = _("This page sent no step that there is. Open it anew and press one of its buttons.")
