"""What can be wrong with a question to the figures."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class UnknownFigure(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-figure"
    text = _("There is no figure “{figure}”. The command `fangxian figures` lists them all.")


class FigureRenamed(UnknownFigure):
    status, code = HTTPStatus.GONE, "figure-renamed"
    text = _("Since {since} the figure “{figure}” is called “{now}”. It counts the same: open it there.")


class UnitNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unit-not-there"
    text = _("On {day} there is no unit “{unit}”. Choose another unit, or a day on which it existed.")


class UnknownPart(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-part"
    text = _("“{figure}” has no records of the kind “{part}”. It has: {parts}.")


class NotCountedHere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "not-counted-here"
    text = _("“{figure}” is not counted for the unit “{unit}”. Ask for it at a unit of these lines: {lines}.")


class LakeStale(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "lake-stale"
    text = _(
        "The lake is behind the ledger and was not to be mirrored. Leave out --no-sync, or sync it first."
    )
