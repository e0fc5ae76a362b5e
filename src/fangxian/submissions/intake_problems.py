"""What can be wrong with a submission, beyond its answers."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class InstanceConflict(Problem):
    status, code = HTTPStatus.CONFLICT, "instance-conflict"
    text = _(
        "A submission with the id {instance} and other content was taken already. "
        "Send a correction that supersedes it."
    )


class UnknownFormVersion(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-form-version"
    text = _("“{campaign}” has no form version “{version}”. Fetch the current form and fill it in again.")


class UnknownInstance(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-instance"
    text = _("There is no submission with the id {instance}. Check the id.")


class AlreadyRevised(Problem):
    status, code = HTTPStatus.CONFLICT, "already-revised"
    text = _("The submission {instance} was {kind} already. Revise the one that took its place.")


class OtherSubject(Problem):
    status, code = HTTPStatus.CONFLICT, "other-subject"
    text = _("A correction must be about the same subject and campaign as the submission {instance}.")


class NotInHousehold(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "not-in-household"
    text = _("On {day} this person was no member of the household. Add the member first, or pick another.")


class HappenedInFuture(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "happened-in-future"
    text = _(
        "The report says that it happened at {happened}, which has not come yet. Check the device's clock."
    )


class WithdrawnBefore(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "withdrawn-before"
    text = _("A submission of {happened} cannot be withdrawn as of {day}. Retract it if it was never true.")


class EmptyEnvelope(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "empty-envelope"
    text = _("The envelope holds no answer sheet. Fill in at least one.")


class UnknownText(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-text"
    text = _(
        "“{campaign}” has no text {text}. Fetch the campaign again and show its text before it is signed."
    )


class FileConflict(Problem):
    status, code = HTTPStatus.CONFLICT, "file-conflict"
    text = _("The submission {instance} has another file “{name}” already. Give the new one another name.")


class SubjectMissing(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "subject-missing"
    text = _(
        "It is not said about whom the form was filled in. Fetch the form again and pick whom it is about."
    )
