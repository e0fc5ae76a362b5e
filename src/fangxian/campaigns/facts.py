"""What the lake mirrors of campaigns. Their texts and names stay here."""

from fangxian.lake.sources import RECORDED, Column, Source

# A listed round names its subjects by ids of whatever kinds its campaign asks. Both databases write a
# JSON value with one space after each colon.
_KINDS = " UNION ALL ".join(
    f"""SELECT '{kind}' AS kind, '%"kind": "{word}"%' AS mark"""  # noqa: S608 - from the line below
    for kind, word in (("person", "persons"), ("unit", "units"), ("household", "households"))
)

SOURCES = (
    Source(
        dataset="campaigns",
        table="campaigns_campaign",
        columns=(
            Column("campaign", "t.id"),
            Column("code", "t.code", "string"),
            Column("audience", "CAST(t.audience AS text)", "string"),
            Column("schedule", "CAST(t.schedule AS text)", "string"),
            Column("opens", "t.opens"),
            Column("closes", "t.closes"),
            Column("issuer", "t.issuer_id"),
            RECORDED,
        ),
        sort=("campaign",),
    ),
    Source(
        dataset="rounds",
        table="campaigns_round",
        joins="JOIN campaigns_campaign c ON c.id = t.campaign_id",
        columns=(
            Column("campaign", "t.campaign_id"),
            Column("code", "c.code", "string"),
            Column("number", "t.number", "int32"),
            Column("opens", "t.opens"),
            Column("closes", "t.closes"),
            Column("listed", "t.listed", "bool"),
            RECORDED,
        ),
        sort=("campaign", "number"),
    ),
    Source(
        dataset="closings",
        table="campaigns_closing",
        columns=(
            Column("closing", "t.id"),
            Column("campaign", "t.campaign_id"),
            Column("closes", "t.closes"),
            RECORDED,
        ),
        sort=("closing",),
    ),
    Source(
        dataset="round_members",
        table="campaigns_roundmember",
        joins=(
            "JOIN campaigns_round r ON r.id = t.round_id JOIN campaigns_campaign c ON c.id = r.campaign_id"
            f" JOIN ({_KINDS}) k ON CAST(c.audience AS text) LIKE k.mark"
        ),
        columns=(
            Column("campaign", "r.campaign_id"),
            Column("number", "r.number", "int32"),
            Column("subject_kind", "k.kind", "string"),
            Column("subject", "t.subject", surrogate="subject_kind"),
            RECORDED,
        ),
        sort=("campaign", "number", "subject"),
    ),
)
