"""Runs a command beside a throwaway PostgreSQL cluster: `python tests/postgres.py pytest --database`.

The cluster lies in a temporary folder, listens on a Unix socket there and nowhere else, and is gone
afterwards. FANGXIAN_POSTGRES tells the command where it is. `--find` only says whether it could be done.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INITIAL = ["-U", "fangxian", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
# What a power cut would do to this cluster is of no interest.
CARELESS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses="


def programs() -> Path | None:
    """The folder of initdb and pg_ctl: on the path, or where Debian puts the newest."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return versions[-1].parent if versions else None


def _as_owner(user: str, command: list[str]) -> None:
    """PostgreSQL refuses to run as root: then another user owns the cluster."""
    wrapped = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", *command] if user else command
    done = subprocess.run(wrapped, cwd="/", capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _owner() -> str:
    if os.geteuid() != 0:
        return ""
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def cluster(found: Path) -> Iterator[str]:
    """A running cluster; gives the connection string, in the form of FANGXIAN_POSTGRES."""
    user = _owner()
    folder = Path(tempfile.mkdtemp(prefix="fangxian-pg-"))
    if user:
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"
    try:
        _as_owner(user, [str(found / "initdb"), "-D", str(data), *INITIAL])
        options = f"{CARELESS} -k {folder}"
        start = [str(found / "pg_ctl"), "-D", str(data), "-l", str(log), "-w", "-o", options, "start"]
        _as_owner(user, start)
        try:
            yield f"host={folder} dbname=postgres user=fangxian"
        finally:
            _as_owner(user, [str(found / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    found = programs()
    if arguments == ["--find"]:
        return 0 if found else 1
    if found is None:
        raise SystemExit("PostgreSQL is not installed here (initdb was not found).")
    # Ended from outside, the cluster is still put away: `finally` runs on SystemExit.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with cluster(found) as where:
        environment = {**os.environ, "FANGXIAN_POSTGRES": where}
        return subprocess.run(arguments, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
