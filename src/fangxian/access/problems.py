"""What access refuses."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class SignInFirst(Problem):
    status, code = HTTPStatus.UNAUTHORIZED, "sign-in-first"
    text = _("Sign in first, or send a device's token.")


class NotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "not-there"
    text = _("There is no such thing here. Check the address, or ask who looks after your account.")


class NotYours(Problem):
    status, code = HTTPStatus.FORBIDDEN, "not-yours"
    text = _("Your roles ({roles}) do not include this. Ask whoever looks after the accounts.")


class NoRole(Problem):
    status, code = HTTPStatus.FORBIDDEN, "no-role"
    text = _("{account} has no role in force today. Ask whoever looks after the accounts.")


class RouteUnclassified(Problem):
    status, code = HTTPStatus.FORBIDDEN, "route-unclassified"
    text = _("The policy says nothing about “{route}”, so it is closed. Tell your administrator.")


class TooManyAttempts(Problem):
    status, code = HTTPStatus.TOO_MANY_REQUESTS, "too-many-attempts"
    text = _("Too many wrong passwords. Wait five minutes.")


class UnknownAccount(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-account"
    text = _("There is no account “{account}”. `fangxian account list` shows them.")


class AccountTaken(Problem):
    status, code = HTTPStatus.CONFLICT, "account-taken"
    text = _("There is an account “{account}” already. Choose another name.")


class NameOfAccount(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "account-name"
    text = _("“{account}” is no name for an account. Take 2 to 40 letters, digits, dots or dashes.")


class UnknownRoleOfAccess(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-access-role"
    text = _("There is no role “{role}”. Roles are: {roles}.")


class RoleNotOverUnit(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "role-not-over-unit"
    text = _("The role {role} is granted over {kinds}; {unit} is another kind of unit.")


class GrantOverlaps(Problem):
    status, code = HTTPStatus.CONFLICT, "grant-overlaps"
    text = _("{account} holds the role {role} over {unit} already, from {since}. Revoke that first.")


class UnknownGrant(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-grant"
    text = _("There is no grant {grant} in force. `fangxian account list` shows them.")


class UnknownToken(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-token"
    text = _("This link or token holds no longer. Ask for a new one.")


class CaseUnnamed(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "case-unnamed"
    text = _("Name the case, and say in at least ten characters why it cannot wait.")


class SoughtInexactly(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "sought-inexactly"
    text = _("Give the whole ID number, or the whole name with the unit and the birth date (YYYY-MM-DD).")


class TooManySought(Problem):
    status, code = HTTPStatus.TOO_MANY_REQUESTS, "too-many-sought"
    text = _("You have asked for {count} people in half an hour. Wait, or telephone whoever is responsible.")


class SecondIsFirst(Problem):
    status, code = HTTPStatus.CONFLICT, "second-is-first"
    text = _("Whoever asked cannot consent as well. Let another person consent.")


class NothingToConsent(Problem):
    status, code = HTTPStatus.NOT_FOUND, "nothing-to-consent"
    text = _("There is no such request any more. Requests lapse after 30 minutes.")
