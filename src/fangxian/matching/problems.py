"""What can be wrong with what is to be matched."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem

_REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY


class FileMissing(Problem):
    status, code = HTTPStatus.NOT_FOUND, "file-missing"
    text = _("There is no file {path}. Check the name.")


class FileNotRead(Problem):
    status, code = _REFUSED, "file-not-read"
    text = _("{path} cannot be read. {reason}")


class NothingToMatchBy(Problem):
    status, code = _REFUSED, "nothing-to-match-by"
    text = _(
        "{path} has no column of names, ID numbers or phones that can be recognised. "
        "Name the columns 姓名, 身份证号, 手机号, 出生日期, 住址 as far as there are any."
    )


class RosterWithoutKeys(Problem):
    status, code = _REFUSED, "roster-without-keys"
    text = _(
        "{path} has no column “uid”, so nobody in it can be named. Add a column that numbers the people."
    )


class RosterWithoutNames(Problem):
    status, code = _REFUSED, "roster-without-names"
    text = _("{path} has no column of names (姓名). Add it: without names a roster cannot be matched.")


class KeyTwice(Problem):
    status, code = HTTPStatus.CONFLICT, "key-twice"
    text = _("“{uid}” stands twice in the column “uid” of {path}. Every person needs a key of their own.")


class NoRowsToMatch(Problem):
    status, code = _REFUSED, "no-rows-to-match"
    text = _("{path} has headings but no rows below them. Check that you chose the right file.")


class ListTooLarge(Problem):
    status, code = HTTPStatus.INSUFFICIENT_STORAGE, "list-too-large"
    text = _(
        "Comparing {rows} rows with {people} people needs more memory than is allowed. "
        "Split the list, and match the parts one after the other."
    )


class FolderMissing(Problem):
    status, code = HTTPStatus.NOT_FOUND, "folder-missing"
    text = _("There is no folder {path} to write to. Make it first, or name another.")


class NotMatches(Problem):
    status, code = _REFUSED, "not-matches"
    text = _("{path} lacks the columns {columns}. Give a file that `fangxian match` wrote.")


class NotTruth(Problem):
    status, code = _REFUSED, "not-truth"
    text = _("{path} lacks the columns {columns}. The truth has a line for each row of the list: row, uid.")


class RowsDisagree(Problem):
    status, code = HTTPStatus.CONFLICT, "rows-disagree"
    text = _(
        "The matches speak of {matches} rows and the truth of {truth}, and they are not the same. "
        "Give the truth of the list that was matched."
    )


class PlotUnsupported(Problem):
    status, code = _REFUSED, "plot-unsupported"
    text = _("A plot is written as .png or .svg, not as “{suffix}”.")


# ---- lists, their issues, and what is decided about their rows --------------------------------------


class TopicUnknown(Problem):
    status, code = _REFUSED, "topic-unknown"
    text = _("“{topic}” is no topic of a list. Choose one of: {topics}.")


class ListUnnamed(Problem):
    status, code = _REFUSED, "list-unnamed"
    text = _("A list needs the office that sends it and a title, each of at most 80 characters.")


class ListTaken(Problem):
    status, code = HTTPStatus.CONFLICT, "list-taken"
    text = _("{source} already has a list called “{title}”. Bring the file as its next issue.")


class ListNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "list-not-there"
    text = _("There is no list {list}. See the lists there are, and take the number of one.")


class ListWithdrawn(Problem):
    status, code = HTTPStatus.CONFLICT, "list-withdrawn"
    text = _("“{title}” was withdrawn: nothing of it is matched or decided any more. Add a new list instead.")


class ReasonMissing(Problem):
    status, code = _REFUSED, "reason-missing"
    text = _("Say why the list is withdrawn: whoever looks at the figures later will want to know.")


class LeadNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "lead-not-there"
    text = _("This row is not taken for anybody any more. Look at the list anew.")


class IssueNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "issue-not-there"
    text = _("This list has no issue {number}. Its last one is {last}.")


class IssueKnown(Problem):
    status, code = HTTPStatus.CONFLICT, "issue-known"
    text = _("This very file is issue {number} of this list already. Nothing was changed.")


class NotAList(Problem):
    status, code = _REFUSED, "not-a-list"
    text = _("The file was read as a roster, not as a list. Read it as a list.")


class RowNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "row-not-there"
    text = _("There is no such row to decide about. Go back to the queue.")


class ProposalChanged(Problem):
    status, code = HTTPStatus.CONFLICT, "proposal-changed"
    text = _("What is known of this row changed while you looked at it. Look again, then decide.")


class VerdictUnknown(Problem):
    status, code = _REFUSED, "verdict-unknown"
    text = _("Say “same” and who, “not the same” or “cannot be settled”.")


class PersonNotProposed(Problem):
    status, code = _REFUSED, "person-not-proposed"
    text = _("This person is no candidate for this row. Choose one of the candidates.")


class DecidedAlready(Problem):
    status, code = HTTPStatus.CONFLICT, "decided-already"
    text = _("You have decided about this row. Undo that first if you think otherwise now.")


class SettledAlready(Problem):
    status, code = HTTPStatus.CONFLICT, "settled-already"
    text = _("This row is settled. Whoever decided may undo it first.")


class NothingToUndo(Problem):
    status, code = HTTPStatus.CONFLICT, "nothing-to-undo"
    text = _("There is no decision of yours that could be undone.")


class QuestionNotOpen(Problem):
    status, code = HTTPStatus.CONFLICT, "question-not-open"
    text = _("This question has an answer already, or is no longer asked.")


class AnswerUnknown(Problem):
    status, code = _REFUSED, "answer-unknown"
    text = _("Answer with yes, no or unknown.")


class TwinNotThere(Problem):
    status, code = HTTPStatus.NOT_FOUND, "twin-not-there"
    text = _("There is no such pair of people. Open the list of possible duplicates anew.")


class TwinSettled(Problem):
    status, code = HTTPStatus.CONFLICT, "twin-settled"
    text = _("In the meantime {by} has decided about these two. Look at the list anew, or undo that first.")


class TwinUndecided(Problem):
    status, code = HTTPStatus.CONFLICT, "twin-undecided"
    text = _("Nothing was decided about these two: there is nothing to undo.")


class MatchingBroke(Problem):
    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "matching-broke"
    text = _(
        "The program met a fault ({fault}); nothing was changed. Match again; "
        "if it comes again, tell the administrator."
    )
