"""What can be wrong with building a demonstration."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class ImpossibleFacts(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "impossible-facts"
    text = _("No city can be built from these facts: {reason}. Change the facts file, or the scale.")


class ReplayRefused(Problem):
    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "replay-refused"
    text = _("The replay was to be accepted, and {instance} was refused: {reason}")


class NotADemonstration(Problem):
    status, code = HTTPStatus.CONFLICT, "not-a-demonstration"
    text = _("{home} holds data that are not a demonstration's, and is left alone. Choose another --home.")


class DemonstrationBusy(Problem):
    status, code = HTTPStatus.CONFLICT, "demonstration-busy"
    text = _("Another build of {home} is under way. Wait for it to end.")


class FactsUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "facts-unreadable"
    text = _("The facts file {file} cannot be read: {reason}. Take the scenario's own as a pattern.")


class LedgerNotEmpty(Problem):
    status, code = HTTPStatus.CONFLICT, "ledger-not-empty"
    text = _("The database holds records already. Give the demonstration an empty one.")
