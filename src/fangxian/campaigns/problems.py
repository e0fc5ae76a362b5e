"""What can be wrong with campaigns, rounds and audiences."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class UnknownCampaign(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-campaign"
    text = _("There is no campaign “{campaign}”. Check its code.")


class CampaignExists(Problem):
    status, code = HTTPStatus.CONFLICT, "campaign-exists"
    text = _("There is a campaign “{campaign}” already. Give the new one another code.")


class BadAudience(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "bad-audience"
    text = _("The audience of “{campaign}” cannot be read: {reason}.")


class BadDue(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "bad-due"
    text = _(
        "“{due}” is not when reports to “{campaign}” are due. Write a moment like 2020-02-12T18:00:00+08:00, "
        "and for a daily campaign a time like 17:00."
    )


class AlreadyReminded(Problem):
    status, code = HTTPStatus.CONFLICT, "already-reminded"
    text = _("All of them were reminded less than {minutes} minutes ago. Telephone, or wait a little.")


class UnknownRound(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-round"
    text = _("“{campaign}” has no round {round}. Choose one that has been opened.")


class RoundExists(Problem):
    status, code = HTTPStatus.CONFLICT, "round-exists"
    text = _("“{campaign}” has opened round {round} already.")


class NotYetOpen(Problem):
    status, code = HTTPStatus.CONFLICT, "not-yet-open"
    text = _("“{campaign}” takes reports from {opens} on. Report then.")


class CampaignClosed(Problem):
    status, code = HTTPStatus.CONFLICT, "campaign-closed"
    text = _("“{campaign}” stopped taking reports on {closes}. Ask the office that issued it to reopen it.")


class OutsideAudience(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "outside-audience"
    text = _(
        "On {day} this {kind} was not among those whom “{campaign}” asks. "
        "Check whom the report is about, and the day."
    )


class DraftNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "draft-not-there"
    text = _("There is no draft {number} here. It was published or dropped, or it is somebody else's.")


class DraftUnfinished(Problem):
    status, code = HTTPStatus.CONFLICT, "draft-unfinished"
    text = _("This draft cannot be published yet: {missing} is still to be decided. Go back to that step.")


class CampaignCodeUnfit(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "campaign-code-unfit"
    text = _(
        "“{campaign}” is no code for a campaign. Take 2 to 30 small letters, digits and hyphens, beginning "
        "with a letter."
    )


class ReasonMissing(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "reason-missing"
    text = _("Say why, in five characters or more: whoever is asked will read it.")


class NotClosed(Problem):
    status, code = HTTPStatus.CONFLICT, "campaign-not-closed"
    text = _("“{campaign}” is open. There is nothing to reopen.")


class ClosesInPast(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "closes-in-past"
    text = _("{closes} is past. Give a moment that is still to come, or none.")


class ChannelUnfit(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "channel-unfit"
    text = _(
        "This is no address that reminders can be sent to. Write it as apprise does, such as "
        "dingtalk://TOKEN or mailtos://USER:PASSWORD@HOST?to=ADDRESS."
    )


class QuietUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "quiet-unreadable"
    text = _("“{quiet}” are no quiet hours. Write them like 21:00-07:00.")


class UnknownChannel(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-channel"
    text = _("There is no channel {channel}. `fangxian channel list` shows them.")


class NothingIsSent(Problem):
    status, code = HTTPStatus.CONFLICT, "nothing-is-sent"
    text = _("A demonstration sends nothing: its people are invented. Reminders are shown in the outbox.")
