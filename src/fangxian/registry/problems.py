"""What can be wrong with units, people, posts and households."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class UnknownUnit(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-unit"
    text = _("There is no unit “{unit}”. Check its code or name, or add the unit first.")


class UnknownKind(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-kind"
    text = _("“{kind}” is not a kind of unit. Use one of those that the template lists.")


class UnknownRole(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-role"
    text = _("“{role}” is not a role. Use one of those that the template lists.")


class UnitCodeTaken(Problem):
    status, code = HTTPStatus.CONFLICT, "unit-code-taken"
    text = _("The code “{unit}” belongs to a unit already. Give the new unit another code.")


class WrongLine(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-line"
    text = _("“{unit}” and its parent “{parent}” lie on different lines. Choose a parent on the same line.")


class UnitCycle(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unit-cycle"
    text = _("“{unit}” would lie under itself. Choose another parent.")


class NoPurpose(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "no-purpose"
    text = _("Say what the number or name is needed for: it is written down with your look at it.")


class NothingToDisclose(Problem):
    status, code = HTTPStatus.NOT_FOUND, "nothing-to-disclose"
    text = _("No number is recorded for this person, or it was erased. Ask the unit, and have it entered.")


class UnknownPerson(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-person"
    text = _("There is no person {person} in the registry. Check the number, or enrol the person first.")


class TwoClasses(Problem):
    status, code = HTTPStatus.CONFLICT, "two-classes"
    text = _(
        "This pupil would be in two classes at once: “{first}” and “{second}”. "
        "Transfer the pupil, or end the first enrolment."
    )


class TwoResponsible(Problem):
    status, code = HTTPStatus.CONFLICT, "two-responsible"
    text = _("“{unit}” has a first responsible person already. End that post before you appoint another.")


class TwoZones(Problem):
    status, code = HTTPStatus.CONFLICT, "two-zones"
    text = _("“{unit}” lies in the zone “{zone}” already. End that cover before you give it to another zone.")


class NoSuchPost(Problem):
    status, code = HTTPStatus.NOT_FOUND, "no-such-post"
    text = _("On {day} this person holds no post “{role}”. Check the day and the person.")


class UnknownHousehold(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-household"
    text = _("There is no household {household}. Check the number, or add the household first.")


class MergeIntoSelf(Problem):
    status, code = HTTPStatus.CONFLICT, "merge-impossible"
    text = _("Person {person} cannot be merged into {into}. Check which of the two records is to stay.")


class DuplicateSecret(Problem):
    status, code = HTTPStatus.CONFLICT, "id-number-taken"
    text = _("The ID number of {name} belongs to a person in the registry already. Use that person.")
