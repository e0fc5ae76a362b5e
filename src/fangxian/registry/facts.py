"""What the lake mirrors of the registry. Names, ID numbers, phones and places on the map stay here."""

from fangxian.lake.sources import BITEMPORAL, RECORDED, ROW, Column, Source

from .kinds import RELATIONS

_CODE = "^[a-z0-9_]*$"

SOURCES = (
    Source(
        dataset="units",
        table="registry_unit",
        columns=(
            Column("unit", "t.id"),
            Column("line", "t.line", "string"),
            Column("kind", "t.kind", "string"),
            Column("code", "t.code", "string"),
            RECORDED,
        ),
        sort=("unit",),
    ),
    Source(
        dataset="unit_states",
        table="registry_unitstate",
        columns=(
            ROW,
            Column("unit", "t.unit_id"),
            Column("parent", "t.parent_id"),
            Column("stage", "t.stage", "string", shape=_CODE),
            Column("absent", "t.absent", "bool"),
            *BITEMPORAL,
        ),
        sort=("unit", "row"),
        bitemporal=True,
    ),
    Source(
        dataset="covers",
        table="registry_cover",
        columns=(
            ROW,
            Column("coverer", "t.coverer_id"),
            Column("covered", "t.covered_id"),
            Column("kind", "t.kind", "string"),
            *BITEMPORAL,
        ),
        sort=("covered", "row"),
        bitemporal=True,
    ),
    Source(
        dataset="person_states",
        table="registry_personstate",
        columns=(
            ROW,
            Column("person", "t.person_id", surrogate="person"),
            Column("sex", "t.sex", "string", codes=("", "m", "f"), other=""),
            Column("birth_year", "t.birth_year", "int32"),
            Column("native_place", "t.native_place", "string", shape="^[0-9]*$", other=""),
            *BITEMPORAL,
        ),
        sort=("person", "row"),
        bitemporal=True,
    ),
    Source(
        dataset="posts",
        table="registry_post",
        columns=(
            ROW,
            Column("person", "t.person_id", surrogate="person"),
            Column("unit", "t.unit_id"),
            Column("role", "t.role", "string"),
            *BITEMPORAL,
        ),
        sort=("unit", "row"),
        bitemporal=True,
    ),
    Source(
        dataset="memberships",
        table="registry_membership",
        columns=(
            ROW,
            Column("household", "t.household_id", surrogate="household"),
            Column("person", "t.person_id", surrogate="person"),
            Column("relation", "t.relation", "string", codes=tuple(RELATIONS)),
            *BITEMPORAL,
        ),
        sort=("household", "row"),
        bitemporal=True,
    ),
    Source(
        dataset="merges",
        table="registry_merge",
        columns=(
            ROW,
            Column("person", "t.person_id", surrogate="person"),
            Column("into", "t.into_id", surrogate="person"),
            *BITEMPORAL,
        ),
        sort=("person", "row"),
        bitemporal=True,
    ),
)
