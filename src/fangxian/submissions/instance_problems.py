"""What can be wrong with a filled-in form as a device sends it."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class InstanceUnreadable(Problem):
    status, code = HTTPStatus.BAD_REQUEST, "instance-unreadable"
    text = _(
        "The filled-in form cannot be read: {reason}. Nothing was stored; fetch the form and fill it again."
    )


class InstanceIdMissing(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "instance-id-missing"
    text = _(
        "The filled-in form has no instance id of 1 to 64 letters. Nothing was stored; fill it in again."
    )
