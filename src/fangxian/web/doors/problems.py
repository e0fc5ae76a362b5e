"""What can be wrong at a door, before a submission is read."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class SignInNeeded(Problem):
    status, code = HTTPStatus.UNAUTHORIZED, "sign-in-needed"
    text = _(
        "This door is for those who are known. Sign in with your name and password, or a device's token."
    )


class BodyUnreadable(Problem):
    status, code = HTTPStatus.BAD_REQUEST, "body-unreadable"
    text = _("What was sent cannot be read: {reason}. Nothing was stored; mend it and send it again.")


class BodyAmiss(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "body-amiss"
    text = _("What was sent is not as the API's document says, at {where}: {reason}. Nothing was stored.")


class BodyTooLarge(Problem):
    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large"
    text = _("More than {limit} bytes were sent at once; nothing was stored. Send less at a time.")


class TooManyAtOnce(Problem):
    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-many-at-once"
    text = _("{count} submissions were sent at once, and {limit} are the most. Send them in parts.")


class BodyTooSlow(Problem):
    status, code = HTTPStatus.REQUEST_TIMEOUT, "body-too-slow"
    text = _("The request did not arrive within {seconds} seconds; nothing was stored. Send it again.")


class BodyOfOtherKind(Problem):
    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "body-of-other-kind"
    text = _("This door takes {expected}. Send it as that.")


class MethodNotTaken(Problem):
    status, code = HTTPStatus.METHOD_NOT_ALLOWED, "method-not-taken"
    text = _("This address takes {allowed} alone.")


class DoorsBusy(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "doors-busy"
    text = _("Too many reports are waiting to be written. Nothing was stored; send it again in a moment.")


class LedgerUnavailable(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "ledger-unavailable"
    text = _(
        "The ledger cannot be written at the moment. Keep the report and send it again: "
        "what was stored is taken only once."
    )


class Unexpected(Problem):
    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected"
    text = _(
        "Something failed here, and the report was not stored. Keep it, and tell whoever runs this system."
    )


class ScopeTooWide(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "scope-too-wide"
    text = _("This account reaches more than {limit} of those who are asked. Use one of a school or a class.")


class NoSuchForm(Problem):
    status, code = HTTPStatus.NOT_FOUND, "no-such-form"
    text = _("There is no such form, or it takes no reports now. Fetch the list of forms again.")
