"""What can be wrong with a prefilled sheet that comes back."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class SheetUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "sheet-unreadable"
    text = _("This workbook cannot be taken: {reason}. Download the sheet again and fill that one in.")


class SheetOfOtherForm(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "sheet-of-other-form"
    text = _("The form has no question “{question}”: the sheet was changed. Download it again.")
