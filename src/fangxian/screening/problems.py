"""What can be wrong with screening rules."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class BadRule(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "bad-rule"
    text = _("The screening rule “{category}” cannot be read ({reason}). Mend it in rules.toml.")
