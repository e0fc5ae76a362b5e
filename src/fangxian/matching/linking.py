"""The pairs worth weighing, with their levels of agreement, by Splink."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from .comparing import BLOCKS, CALLED, COMPARISONS, Comparison, splink_comparisons
from .engines import Comparer, comparer
from .features import Features
from .problems import ListTooLarge

SAMPLE = 1_000_000  # random pairs for the shares of agreement among strangers
SEED = 2020

Array = np.ndarray[Any, Any]


@dataclass(slots=True)
class Pairs:
    """Sorted by row of the list, then of the roster. `gammas` are Splink's: -1 not given, 0 the weakest."""

    rows: Array
    people: Array
    gammas: dict[str, Array]
    strangers: dict[str, Array]  # comparison -> share of each level (by gamma) among random pairs

    def only(self, kept: Array) -> "Pairs":
        gammas = {name: gamma[kept] for name, gamma in self.gammas.items()}
        return Pairs(self.rows[kept], self.people[kept], gammas, self.strangers)


@contextmanager
def _within_memory(listed: Features, roster: Features) -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise ListTooLarge(rows=listed.height, people=roster.height) from error


def find_pairs(
    listed: Features,
    roster: Features,
    *,
    threads: int = 2,
    engine: str = "duckdb",
    shares: dict[str, Array] | None = None,
) -> Pairs:
    """`engine`: where, of `engines.ENGINES`; `shares`: how often strangers agree, where an earlier run over
    the list has found it. Raises ListTooLarge, and what Spark's start raises."""
    with comparer(engine, threads) as where, _within_memory(listed, roster):
        tables = [
            where.api.register(listed.table, dataset_display_name="a_list"),
            where.api.register(roster.table, dataset_display_name="b_roster"),
        ]
        if shares is None:
            shares = _shares(_linker(where, tables))
        linker = _linker(where, tables, shares)
        found = linker.inference.predict(warning_mode="never")
        return _pairs(where, found.physical_name, shares)


_CALLED: dict[str, Any] = {"blocking_rule": CALLED}


def _linker(where: Comparer, tables: list[Any], shares: dict[str, Array] | None = None) -> Any:
    from splink import Linker, SettingsCreator, block_on

    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[*splink_comparisons(shares, said=where.said)],
        blocking_rules_to_generate_predictions=[*(block_on(*columns) for columns in BLOCKS), _CALLED],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
    )
    return Linker(tables, settings, log_level=None, validate_settings=False)


def _shares(linker: Any) -> dict[str, Array]:
    """What Splink finds among random pairs; for a level that it never met, less than it could have seen."""
    linker.training.estimate_u_using_random_sampling(
        max_pairs=SAMPLE + 1, seed=SEED, min_count_per_level=None, num_chunks=1
    )
    shares = {}
    for comparison in linker.misc.save_model_to_json()["comparisons"]:
        levels = [each for each in reversed(comparison["comparison_levels"]) if not each.get("is_null_level")]
        found = np.array([each.get("u_probability") or 0.0 for each in levels])
        shares[comparison["output_column_name"]] = np.maximum(found, 0.5 / SAMPLE)
    return shares


def _pairs(where: Comparer, table: str, shares: dict[str, Array]) -> Pairs:
    """Splink keeps the weight of a level; its number only together with all columns, names too."""
    orders, ranks = {}, []
    for each in COMPARISONS:
        orders[each.name], between = _ladder(each, shares[each.name])
        rank = " + ".join(f"(mw_{each.name} > {float(step)!r})::tinyint" for step in between)
        ranks.append(f"({rank})::tinyint AS {each.name}")
    found = where.rows(
        f"SELECT unique_id_l AS l, unique_id_r AS r, {', '.join(ranks)} FROM {table} ORDER BY l, r"  # noqa: S608
    )
    where.drop(table)
    gammas = {name: order[found.column(name).to_numpy()] for name, order in orders.items()}
    return Pairs(found.column("l").to_numpy(), found.column("r").to_numpy(), gammas, shares)


def _ladder(comparison: Comparison, shares: Array) -> tuple[Array, Array]:
    """Levels by weight, and -1 for "not given", which weighs nothing; and the steps between their weights."""
    m = np.array([level.m for level in reversed(comparison.levels)])
    weights = np.array([0.0, *np.log2(m / shares)])
    order = np.argsort(weights, kind="stable")
    steps = weights[order]
    return (order - 1).astype(np.int8), (steps[1:] + steps[:-1]) / 2


__all__ = ["Pairs", "find_pairs"]
