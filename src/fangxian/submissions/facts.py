"""What the lake mirrors of submissions: who answered what, by codes. Free text, instance ids, reasons and
accounts stay here."""

from fangxian.lake.sources import RECORDED, ROW, AnswerSource, Column, Source

CHANNELS = ("phone", "web", "class", "visit", "import")

_FORM = "JOIN submissions_formversion f ON f.id = {of}.form_version_id"
_SUBMISSION = "JOIN submissions_submission s ON s.id = t.submission_id " + _FORM.format(of="s")

# The office's day: its zone has kept UTC+8 without summer time since 1992.
_DAY = "({of}.happened + 28800000) / 86400000"

ANSWERS = AnswerSource(
    source=Source(
        dataset="answers",
        table="submissions_submission",
        columns=(
            Column("submission", "t.id"),
            Column("envelope", "t.envelope_id", surrogate="token"),
            Column("campaign", "t.campaign_id"),
            Column("round", "t.round", "int32"),
            Column("version_id", "t.form_version_id"),
            Column("subject_kind", "t.subject_kind", "string"),
            Column("subject", "t.subject", surrogate="subject_kind"),
            Column("household", "t.household", surrogate="household"),
            Column("unit", "t.unit"),
            Column("reporter", "t.reporter", surrogate="person"),
            Column("channel", "t.channel", "string", codes=CHANNELS),
            Column("day", _DAY.format(of="t"), "day", counted=True),
            Column("happened", "t.happened"),
            Column("received", "t.received"),
            Column("late", "t.late", "bool"),
            Column("text", "t.text_id"),
            RECORDED,
            Column("answers", "CAST(t.answers AS text)", "string"),
        ),
        sort=("day", "unit", "submission"),
    ),
    forms="SELECT id, form, version, CAST(fields AS text) FROM submissions_formversion",
)

SOURCES = (
    ANSWERS,
    Source(
        dataset="revisions",
        table="submissions_revision",
        joins=_SUBMISSION,
        columns=(
            Column("submission", "t.submission_id"),
            Column("form", "f.form", "string"),
            Column("kind", "t.kind", "string"),
            Column("day", "t.day", "day"),
            Column("of_day", _DAY.format(of="s"), "day", counted=True),
            RECORDED,
        ),
        sort=("of_day", "submission"),
        days="of_day",  # who asks for a day's submissions wants what revised these
    ),
    Source(
        dataset="verifications",
        table="submissions_verification",
        joins=_SUBMISSION,
        columns=(
            ROW,
            Column("submission", "t.submission_id"),
            Column("form", "f.form", "string"),
            Column("how", "t.how", "string", codes=("second_call", "document", "list")),
            RECORDED,
            Column("recorded_until", "t.recorded_until"),
        ),
        sort=("submission",),
        bitemporal=True,
    ),
)
