"""What can be wrong with a form that is published, and with answers under it."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem

from .forms.faults import Fault


class FormNotConverted(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "form-not-converted"
    text = _("This file is no sound XLSForm: {reason} Mend it and publish it again.")


class FormFunctionUnsupported(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "form-function-unsupported"
    text = _(
        "Sheet survey, row {row}, column {rule} (question “{question}”): {function}() is not supported "
        "there. Write the rule without it."
    )


class FormRuleUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "form-rule-unreadable"
    text = _(
        "Sheet survey, row {row}, column {rule} (question “{question}”): “{expression}” cannot be used: "
        "{reason}. Mend it."
    )


class FormTypeUnsupported(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "form-type-unsupported"
    text = _(
        "Sheet survey, row {row}, column type (“{question}”): “{type}” is not supported. Ask in another way."
    )


class FormClassUnknown(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "form-class-unknown"
    text = _(
        "Sheet survey, row {row}, column fangxian_class (question “{question}”): “{given}” is no class of "
        "field. Write one of {known}."
    )


class FormRulesCircular(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "form-rules-circular"
    text = _("The rules of {questions} wait for one another. Take one of them out of the circle.")


class FormUsualAmiss(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "form-usual-amiss"
    text = _(
        "Row {row}: the answers under “fangxian_usual” are no sound sheet: {reason} Mend that column, or "
        "leave it out of all rows."
    )


class VersionTaken(Problem):
    status, code = HTTPStatus.CONFLICT, "version-taken"
    text = _("“{campaign}” has another form of the version “{version}”. Give the new one another version.")


class NobodyToNotify(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "nobody-to-notify"
    text = _(
        "“{campaign}” asks nobody for whom a school, an office or the like is responsible. Nobody gets a "
        "notice about it."
    )


class NoticeNotYours(Problem):
    status, code = HTTPStatus.NOT_FOUND, "notice-not-yours"
    text = _("There is no notice here that this unit has to acknowledge. Open your own page anew.")


class FaultList(tuple[Fault, ...]):
    """Prints as JSON, so that a stored problem can be told again in any language. ASCII alone: senders name
    questions as they like, and no database keeps half a surrogate pair."""

    def __str__(self) -> str:
        return json.dumps([fault.dump() for fault in self])


class AnswersAgainstForm(Problem):
    """`faults`: what the form finds, or its stored text."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "answers-against-form"
    text = _("These answers do not fit the form. {faults} Correct them and send the sheet again.")

    def __init__(self, faults: Sequence[Fault] | str) -> None:
        if isinstance(faults, str):
            faults = [Fault.load(entry) for entry in json.loads(faults)]
        super().__init__(faults=FaultList(faults))

    @property
    def faults(self) -> FaultList:
        faults: Any = self.facts["faults"]
        return FaultList(faults)

    def sentence(self) -> str:
        return str(self.text).format(faults=" ".join(fault.sentence() for fault in self.faults))
