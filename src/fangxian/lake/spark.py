"""The lake on Spark: its files, as the manifest lists them, as Spark's frames.

pyspark is no part of what is installed by default (see docs/adr). A session is started once a process, and
ends with it; one that somebody started before, on a cluster, is used as it is.
"""

import atexit
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .problems import JavaMissing, SparkMissing, SparkStopped
from .reader import Days, Lake
from .sources import ENDS, Columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

THREADS = 2
MEMORY = "2g"
TYPES: dict[str, str] = {  # of `sources`, as Spark calls them
    "int64": "BIGINT",
    "int32": "INT",
    "bool": "BOOLEAN",
    "string": "STRING",
    "day": "DATE",
    "float64": "DOUBLE",
    "strings": "ARRAY<STRING>",
}
SETTINGS = {
    "spark.master": f"local[{THREADS}]",
    "spark.app.name": "fangxian",
    "spark.driver.memory": MEMORY,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={Path(__file__).parent.as_uri()}"
    "/spark-log4j2.properties",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.io.encryption.enabled": "true",  # what it puts on the disk meanwhile, under a key in memory
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": str(THREADS),
    "spark.sql.adaptive.enabled": "false",  # a job a stage: on one machine that costs
}


class _Ours:
    """The session that this process started."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.session: SparkSession | None = None


_ours = _Ours()


def missing() -> SparkMissing | JavaMissing | None:
    """What Spark wants that is not installed."""
    if find_spec("pyspark") is None:
        return SparkMissing()
    return None if _java() else JavaMissing()


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    own = Path(home) / "bin" / "java" if home else None
    return str(own) if own is not None and own.exists() else shutil.which("java")


def session(*jars: str) -> "SparkSession":
    """This process's session; `jars` are there from its start.

    Raises SparkMissing, JavaMissing, SparkStopped.
    """
    absent = missing()
    if absent is not None:
        raise absent
    from pyspark.sql import SparkSession

    with _ours.lock:
        found = _ours.session or SparkSession.getActiveSession()
        if found is None:
            found = _ours.session = _started(jars)
        for jar in jars:
            found.sql(f"ADD JAR '{jar}'")  # where it is there already, that is all
        return found


def _started(jars: Sequence[str]) -> "SparkSession":
    folder = tempfile.mkdtemp(prefix="fangxian-spark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # goes last: after the session
    told = {"spark.local.dir": folder, "spark.sql.warehouse.dir": f"{folder}/warehouse"}
    said = Path(folder) / "said"
    with said.open("wb") as file:
        try:
            started = _session(SETTINGS | told | ({"spark.jars": ",".join(jars)} if jars else {}), file)
        except Exception as error:  # whatever Java or Spark have to say: it did not come up
            raise SparkStopped(reason=_last_words(said) or str(error)) from error
    atexit.register(started.stop)
    return started


def _session(settings: Mapping[str, str], said: IO[bytes]) -> "SparkSession":
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # what it says, is raised too
    conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
    gateway = launch_gateway(conf, {"stderr": said})
    return SparkSession(SparkContext(conf=conf, gateway=gateway))


def _last_words(said: Path) -> str:
    lines = said.read_text("utf-8", "replace").splitlines()
    return next((line.strip() for line in lines if "rror" in line or "xception" in line), "")


# ------------------------------------------------------------------------------------ rows


def rows(
    session: "SparkSession",
    lake: Lake,
    name: str,
    days: Days | None = None,
    *,
    known_by: int | None = None,
    columns: Sequence[str] = (),
    expecting: Mapping[str, str] | None = None,
) -> "DataFrame":
    """What `Lake.relation` gives, as Spark's frame."""
    wanted = lake.columns_with(name, expecting)
    parts = [_read(session, paths, held, wanted) for held, paths in lake.parts(name, days)]
    found = session.createDataFrame([], _schema(wanted)) if not parts else parts[0]
    for part in parts[1:]:
        found = found.unionByName(part)
    found = _with_ends(session, found, lake.ends(name))
    if known_by is not None:
        found = found.where(f"recorded <= {known_by:d}")
    return found.select(*columns) if columns else found


def _read(session: "SparkSession", paths: list[str], held: Columns, wanted: Columns) -> "DataFrame":
    """These files' rows in the columns that are wanted: widened, and null where the files lack one."""
    types = dict(held)
    found = session.read.schema(_schema(held)).parquet(*paths)
    return found.selectExpr(*(_column(name, kind, types.get(name)) for name, kind in wanted))


def _column(name: str, kind: str, held: str | None) -> str:
    value = _quoted(name) if held else "NULL"
    return f"CAST({value} AS {TYPES[kind]}) AS {_quoted(name)}"


def _with_ends(session: "SparkSession", rows: "DataFrame", paths: list[str]) -> "DataFrame":
    if not paths:
        return rows
    from pyspark.sql import functions

    ends = session.read.schema(_schema(ENDS)).parquet(*paths).withColumnRenamed("recorded_until", "ended")
    known = functions.coalesce("recorded_until", "ended").alias("recorded_until")
    kept = [known if name == "recorded_until" else name for name in rows.columns]
    return rows.join(ends, on="row", how="left").select(*kept)


def _schema(columns: Columns) -> str:
    return ", ".join(f"{_quoted(name)} {TYPES[kind]}" for name, kind in columns)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


__all__ = ["missing", "rows", "session"]
