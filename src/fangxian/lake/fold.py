"""Folds small files into fewer: what readers get does not change, only what it costs them."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import files
from .manifest import Dataset, File
from .sources import ARROW, ENDS, Columns

LIMIT = 12  # files of one partition
LARGE = 10  # times all smaller files together: such a file is left as it is

PathOf = Callable[[str], str]
Folded = tuple[list[File], File]


def fold(lake: Path, dataset: Dataset, sort: list[str], path_of: PathOf) -> Iterator[Folded]:
    """Fold this dataset's partitions where more than LIMIT files have piled up; each time what was folded
    and into which file. The dataset lists the new files instead."""
    if len(dataset.ends()) > LIMIT:
        yield _replace(dataset, *_fold_ends(lake, dataset, sort, path_of))
    partitions: dict[str, list[File]] = defaultdict(list)
    for file in dataset.data():
        partitions[file.day].append(file)
    for day, held in partitions.items():
        if len(held) > LIMIT:
            small = _small(held)
            table = _together(lake, small, dataset.columns()).sort_by([(name, "ascending") for name in sort])
            schema = len(dataset.schemas) - 1
            yield _replace(
                dataset, small, files.write_table(lake, path_of(day), table, schema=schema, day=day)
            )


def _replace(dataset: Dataset, old: list[File], new: File) -> Folded:
    gone = {file.path for file in old}
    dataset.files = [*(file for file in dataset.files if file.path not in gone), new]
    return old, new


def _small(held: list[File]) -> list[File]:
    """All files, but for the large ones: each row is rewritten a few times in its life, not each time."""
    held = sorted(held, key=lambda file: file.rows, reverse=True)
    while len(held) > 2 and held[0].rows > LARGE * sum(file.rows for file in held[1:]):
        held = held[1:]
    return held


def _fold_ends(lake: Path, dataset: Dataset, sort: list[str], path_of: PathOf) -> tuple[list[File], File]:
    """Many ends go into the rows that they end; few into one file."""
    ended = _together(lake, dataset.ends(), ENDS)
    schema = len(dataset.schemas) - 1
    if ended.num_rows * LARGE < dataset.rows():
        file = files.write_table(lake, path_of("ends"), ended.sort_by("row"), schema=schema, ends=True)
        return dataset.ends(), file
    rows = _ended(_together(lake, dataset.data(), dataset.columns()), ended)
    rows = rows.sort_by([(name, "ascending") for name in sort])
    return dataset.files, files.write_table(lake, path_of(""), rows, schema=schema)


def _ended(rows: pa.Table, ended: pa.Table) -> pa.Table:
    place = pc.index_in(rows["row"], ended["row"].combine_chunks())
    known = ended["recorded_until"].combine_chunks().take(place.combine_chunks())
    until = pc.coalesce(rows["recorded_until"], known)
    return rows.set_column(rows.schema.get_field_index("recorded_until"), "recorded_until", until)


def _together(lake: Path, held: list[File], columns: Columns) -> pa.Table:
    """The rows of these files in the columns of the latest schema; null where a file is older than one."""
    target = pa.schema([(name, ARROW[kind]) for name, kind in columns])
    return pa.concat_tables([_conformed(pq.read_table(lake / file.path), target) for file in held])


def _conformed(table: pa.Table, target: pa.Schema) -> pa.Table:
    names = set(table.column_names)
    arrays = [
        table[field.name].cast(field.type) if field.name in names else pa.nulls(table.num_rows, field.type)
        for field in target
    ]
    return pa.Table.from_arrays(arrays, schema=target)
