"""DuckDB as the lake uses it: in this process, within bounds, never from the network."""

from pathlib import Path

import duckdb

THREADS = 2
MEMORY = "3GB"


def engine(lake: Path) -> duckdb.DuckDBPyConnection:
    """A fresh connection. What does not fit in memory is spilled within the lake's own folder."""
    return duckdb.connect(
        config={
            "threads": THREADS,
            "memory_limit": MEMORY,
            "temp_directory": str(lake / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
