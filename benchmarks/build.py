"""The full city, built and replayed by the command that people use: time, memory, number of submissions.

    python benchmarks/build.py [--scale 1] [--seed 1]

Prints each measure beside its limit; the exit code is 1 where one is missed. The city lies in a temporary
folder that is removed afterwards.
"""

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS, MEGABYTES, SUBMISSIONS = 300, 3_000, 800_000
COMMAND = [sys.executable, "-c", "from fangxian.cli import main; main()"]


def build(home: Path, scale: float, seed: int) -> tuple[float, float]:
    """Seconds, and megabytes at the peak of any one process."""
    start = time.perf_counter()
    words = ["--home", str(home), "--lang", "en", "demo", "--scale", str(scale), "--seed", str(seed)]
    told = {name: value for name, value in os.environ.items() if name != "FANGXIAN_POSTGRES"}
    subprocess.run([*COMMAND, *words], check=True, env=told)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return time.perf_counter() - start, peak / 1024


def submissions(home: Path) -> int:
    with sqlite3.connect(home / "ledger.sqlite3") as ledger:
        return int(ledger.execute("SELECT count(*) FROM submissions_submission").fetchone()[0])


def row(what: str, value: float, limit: float, fine: bool) -> bool:
    print(f"{what:<40}{value:>14,.0f}   limit {limit:>10,.0f}   {'within' if fine else 'MISSED'}")
    return fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fangxian-build-") as folder:
        home = Path(folder) / "city"
        seconds, megabytes = build(home, asked.scale, asked.seed)
        count, least = submissions(home), SUBMISSIONS * asked.scale
    fine = [
        row("city built, replayed, mirrored (s)", seconds, SECONDS, seconds <= SECONDS),
        row("memory at the peak (MB)", megabytes, MEGABYTES, megabytes <= MEGABYTES),
        row("submissions (at least)", count, least, count >= least),
    ]
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
