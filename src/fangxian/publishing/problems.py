"""What can go wrong with a bulletin, each with a sentence that says what to do."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class TemplateUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "template-unreadable"
    text = _("This template cannot be used: {reason}. Open it in Word, mend it, and save it as .docx.")


class TypedNumbers(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "typed-numbers"
    text = _("The template holds numbers that were typed, not counted. Replace each:\n{findings}")


class FiguresDoNotAddUp(Problem):
    status, code = HTTPStatus.CONFLICT, "figures-do-not-add-up"
    text = _("Nothing was issued: these figures do not add up. Rebuild the lake and try again:\n{checks}")


class BulletinNumberTaken(Problem):
    status, code = HTTPStatus.CONFLICT, "bulletin-number-taken"
    text = _("Bulletin {number} of {issued} exists; what is issued never changes. Use number {next}.")


class UnknownBulletin(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-bulletin"
    text = _("There is no bulletin {number}. List them with `fangxian bulletin --list`.")


class RecountDiffers(Problem):
    status, code = HTTPStatus.CONFLICT, "recount-differs"
    text = _(
        "Bulletin {number} was counted again and differs from what was issued. Check the lake"
        " (`fangxian lake check`) and tell whoever looks after this installation."
    )


class ChineseFontsMissing(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "chinese-fonts-missing"
    text = _(
        "This machine has no Chinese font for the PDF. Install one (package fonts-noto-cjk), or name a"
        " folder with fonts in FANGXIAN_FONTS. The Word file needs none."
    )


class NotCountable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "reference-not-countable"
    text = _("The template asks for {part} of “{figure}”, which has none. Ask for another part of it.")


class UnknownUnitInTemplate(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "template-unit-unknown"
    text = _("The template names the unit “{unit}”, which does not exist on {day}. Check its code.")


class UnknownCampaignInTemplate(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "template-campaign-unknown"
    text = _("The template names the campaign “{campaign}”, which is not known by then. Check its code.")


class DraftUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "draft-unreadable"
    text = _("This draft cannot be read: {reason}. Paste its text, or save it as .docx and send it again.")


class DraftTooLong(Problem):
    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "draft-too-long"
    text = _("The draft is longer than {longest} characters. Check it in parts.")


class NobodyNamed(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "attestation-nobody-named"
    text = _("Say who told the number and who heard it. Without that it is a rumour.")


class NoNumberAttested(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "attestation-no-number"
    text = _("“{value}” is no number that can be counted. Write 0 or more, in digits.")


class NothingAttested(Problem):
    status, code = HTTPStatus.CONFLICT, "nothing-attested"
    text = _("No number of “{figure}” at “{unit}” stands that could be taken back.")


class AttestedAlready(Problem):
    status, code = HTTPStatus.CONFLICT, "attested-already"
    text = _("The records say {counted} already: {value} needs no telephone. Nothing was stored.")


class CorrectedAlready(Problem):
    status, code = HTTPStatus.CONFLICT, "corrected-already"
    text = _("Bulletin {number} was corrected by bulletin {later}. Correct that one.")


class ReasonWanted(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "reason-wanted"
    text = _("Say in a few words why: whoever reads the paper will ask. Between 4 and 200 characters.")


class NumbersInReason(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "numbers-in-reason"
    text = _(
        "The reason holds the number “{found}”. Say why without numbers: the paper names each number that"
        " changed, before and after, by itself."
    )


class UnknownDraft(Problem):
    status, code = HTTPStatus.NOT_FOUND, "unknown-draft"
    text = _("There is no draft {draft}. The list of bulletins shows those under way.")


class DraftMoved(Problem):
    status, code = HTTPStatus.CONFLICT, "draft-moved"
    text = _("In the meantime {by} has {done} draft {draft}. Nothing was done: look at it as it is now.")


class StepOutOfTurn(Problem):
    status, code = HTTPStatus.CONFLICT, "step-out-of-turn"
    text = _(
        "Draft {draft} stands at “{state}”; this step is for: {allowed}. Look what comes next on its page."
    )


class OwnDraft(Problem):
    status, code = HTTPStatus.CONFLICT, "own-draft"
    text = _("{by} drafted, changed or checked this; somebody else must approve it.")


class ApprovedDiffers(Problem):
    status, code = HTTPStatus.CONFLICT, "approved-differs"
    text = _(
        "Counted again, draft {draft} differs from what was approved; nothing was issued. Check the lake"
        " (`fangxian lake check`), then check the draft again and have it approved anew."
    )


class NotCheckedYet(Problem):
    status, code = HTTPStatus.CONFLICT, "not-checked-yet"
    text = _("Draft {draft} has not been checked: it has no cut-off yet, so there is no paper to take away.")
