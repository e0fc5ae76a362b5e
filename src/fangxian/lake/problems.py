"""What can be wrong with the lake. Each is noticed before a figure is counted from it."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from fangxian.kernel.problems import Problem


class LakeMissing(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "lake-missing"
    text = _("The lake has not been built yet. Build it with: fangxian lake rebuild")


class LakeBroken(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "lake-broken"
    text = _("The lake is damaged ({reason}: {file}). Build it again with: fangxian lake rebuild")


class LakeBehind(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "lake-behind"
    text = _(
        "The lake knows the records up to {known_at}; later ones were asked for. Run: fangxian lake sync"
    )


class LakeOfAnotherLedger(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "lake-of-another-ledger"
    text = _(
        "The lake was made from another ledger or with other keys. Build it again with: fangxian lake rebuild"
    )


class LakeMiscounted(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "lake-miscounted"
    text = _(
        "Of “{dataset}” the lake holds {lake} and the ledger {ledger}. "
        "Build it again with: fangxian lake rebuild"
    )


class AnswersUnreadable(Problem):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "answers-unreadable"
    text = _(
        "{count} answers in “{dataset}” are not of their question's type and count as not given. "
        "Correct those submissions."
    )


class LakeBusy(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "lake-busy"
    text = _("Another process has been writing the lake for {seconds} seconds. Try again when it is done.")


class LakeStopped(Problem):
    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "lake-stopped"
    text = _(
        "Mirroring stopped before it was done ({reason}); the lake is as it was. Run: fangxian lake sync"
    )


class LedgerMissing(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "ledger-missing"
    text = _("There is no ledger at {ledger}. Check --home, or build the demonstration with: fangxian demo")


class QuestionChanged(Problem):
    status, code = HTTPStatus.CONFLICT, "question-changed"
    text = _(
        "In the form “{form}” the question “{question}” is {first} in one version and {second} in another. "
        "Publish a version in which the changed question has a name of its own."
    )


class SparkMissing(Problem):
    status, code = HTTPStatus.NOT_IMPLEMENTED, "spark-missing"
    text = _(
        "Spark is not installed: it is 480 MB, and most cities never want it. Install it with: "
        "make install-spark"
    )


class JavaMissing(Problem):
    status, code = HTTPStatus.NOT_IMPLEMENTED, "java-missing"
    text = _(
        "Spark wants Java 17 or later, and there is none. Install it (Debian: apt-get install "
        "default-jre-headless), or name its folder in JAVA_HOME."
    )


class SparkStopped(Problem):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "spark-stopped"
    text = _("Spark did not start ({reason}). It wants Java 17 or later and 2 GB of memory.")
