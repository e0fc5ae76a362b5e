"""What can be wrong with a file of JSON lines."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class BadLine(Problem):
    status, code = HTTPStatus.BAD_REQUEST, "bad-line"
    text = _("{file}, line {line}: {reason}. Mend that line and run the command again; nothing was stored.")
