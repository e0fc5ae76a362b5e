"""What can be wrong at the callers' desk."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class NotLeased(Problem):
    status, code = HTTPStatus.NOT_FOUND, "not-leased"
    text = _(
        "This household is not yours to call now: its time ran out, or another caller has it. Take the next."
    )


class NoRoundToCall(Problem):
    status, code = HTTPStatus.CONFLICT, "no-round-to-call"
    text = _("No round of calls is open now. Calls begin again when the office opens the next round.")


class UnknownOutcome(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-outcome"
    text = _("Say what came of the call: reached, no answer, wrong number, refused, or call again.")


class AgainWhen(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "again-when"
    text = _("Say when to call again: a time after {now}, before the round closes.")


class ListsChanged(Problem):
    status, code = HTTPStatus.CONFLICT, "lists-changed"
    text = _("What lists say of this household changed during the call. Look at it below, then store.")


class ReasonMissing(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "call-reason-missing"
    text = _("Say why this household is to be called.")


class NobodyAtNumber(Problem):
    status, code = HTTPStatus.NOT_FOUND, "nobody-at-number"
    text = _("No household of the registry has this phone. Name the household, or enter the person first.")
