"""doctor and init: what this installation has, what is wrong with it, and an empty one to begin with."""

import json
import shutil
import stat
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click


def register(group: click.Group) -> None:
    for command in (doctor, init):
        group.add_command(command)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing looked at. `state`: good; bad (mend it); spare (works without, but for what `told` says)."""

    id: str
    state: str
    told: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object: ok, and the list of what was found.")
def doctor(as_json: bool) -> None:
    """Look over the data folder, the ledger, the lake and the machine.

    \b
    Exit code 0 when nothing is wrong, 1 when something is. Things that are only spare do not count.
      fangxian doctor
      fangxian --home /srv/fangxian doctor --json
    """
    found = examine()
    ok = all(thing.state != "bad" for thing in found)
    if as_json:
        click.echo(json.dumps({"ok": ok, "found": [asdict(f) for f in found]}, ensure_ascii=False, indent=2))
    else:
        _print(found)
    sys.exit(0 if ok else 1)


@click.command()
def init() -> None:
    """Make an empty installation, or bring an older one up to date.

    \b
    Makes what is missing of the data folder, its keys and its ledger; what is there stays.
      fangxian --home /srv/fangxian init
    """
    from django.core.management import call_command
    from django.utils.translation import gettext as _

    from fangxian.kernel.home import current_home
    from fangxian.kernel.secrets import make_keys

    home = current_home().make()
    make_keys(home.keys)
    call_command("migrate", verbosity=0, interactive=False)
    click.echo(_("{path} is ready. Next: `fangxian import --help`.").format(path=home.path))


def examine() -> list[Found]:
    """All checks, in the order in which one would mend what they find. Writes nothing."""
    return [check() for check in (_folder, _keys, _ledger, _lake, _fonts, _chromium, _postgresql, _java)]


def _print(found: list[Found]) -> None:
    marks = {"good": ("✓", "green"), "bad": ("✗", "red"), "spare": ("·", "yellow")}
    for thing in found:
        mark, colour = marks[thing.state]
        click.echo(f"{click.style(mark, fg=colour)} {thing.told}")


# ------------------------------------------------------------------------------------ the data folder


def _folder() -> Found:
    from django.utils.translation import gettext as _

    from fangxian.kernel.home import current_home

    path = current_home().path
    if not path.is_dir():
        told = _("There is no data folder at {path}. Make one with `fangxian init` or `fangxian demo`.")
        return Found("home", "bad", told.format(path=path))
    return _private("home", [path], _("The data folder is {path}, its owner's alone.").format(path=path))


def _keys() -> Found:
    from django.utils.translation import gettext as _

    from fangxian.kernel.home import current_home
    from fangxian.kernel.problems import KeysMissing
    from fangxian.kernel.secrets import keyring, numbers_of

    try:
        keyring()
    except KeysMissing as problem:
        return Found("keys", "bad", problem.sentence())
    folder = current_home().keys
    good = _("The keys are there, their owner's alone.")
    found = _private("keys", [folder, *sorted(folder.iterdir())], good)
    numbers = numbers_of(folder)
    if found.state == "good" and len(numbers) > 1:
        told = _(
            "New keys were begun and are not through: {old} is still needed. Run `fangxian keys rotate`."
        )
        return Found("keys", "spare", told.format(old=", ".join(f"keys.{n}" for n in numbers[:-1])))
    return found


def _private(name: str, paths: list[Path], good: str) -> Found:
    """Bad where group or others may read or write one of the paths."""
    from django.utils.translation import gettext as _

    open_paths = [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if not open_paths:
        return Found(name, "good", good)
    told = _("Others on this machine can read {paths}. Run `chmod -R go= {folder}`.")
    return Found(name, "bad", told.format(paths=", ".join(map(str, open_paths)), folder=paths[0]))


# ------------------------------------------------------------------------------------ ledger and lake


def _ledger() -> Found:
    from django.db import DatabaseError, connection
    from django.utils.translation import gettext as _

    if connection.vendor == "sqlite" and not Path(str(connection.settings_dict["NAME"])).exists():
        # Connecting would make an empty one.
        return Found(
            "ledger", "bad", _("There is no ledger yet. Make one with `fangxian init` or `fangxian demo`.")
        )
    try:
        waiting, positions = _migrations_waiting(), _positions()
    except DatabaseError as error:
        told = _("The ledger cannot be opened: {reason}. Check that it is there, or restore a backup.")
        return Found("ledger", "bad", told.format(reason=str(error).strip()))
    if waiting:
        told = _("The ledger is of an older version; {count} steps are missing. Run `fangxian init`.")
        return Found("ledger", "bad", told.format(count=waiting))
    told = _("The ledger ({kind}) opens and holds {positions} writes.")
    return Found("ledger", "good", told.format(kind=connection.display_name, positions=positions))


def _migrations_waiting() -> int:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _positions() -> int:
    """Where the change log stands; 0 where it is empty or its table is not there yet."""
    from django.db import connection

    from fangxian.kernel.changes import head_position
    from fangxian.kernel.models import Change

    if Change._meta.db_table not in connection.introspection.table_names():
        return 0
    return head_position()


def _lake() -> Found:
    """The lake is disposable: one that is missing or behind is spare, since a sync mends it."""
    from django.db import DatabaseError
    from django.utils.translation import gettext as _

    from fangxian.kernel.home import current_home
    from fangxian.lake import manifest
    from fangxian.lake.problems import LakeBroken, LakeMissing

    try:
        mirrored, head = manifest.load(current_home().lake).position, _positions()
    except LakeMissing as problem:
        return Found("lake", "spare", problem.sentence())
    except LakeBroken as problem:
        return Found("lake", "bad", problem.sentence())
    except DatabaseError:
        return Found("lake", "bad", _("The lake cannot be compared with a ledger that does not open."))
    if mirrored > head:
        told = _(
            "The lake is {count} writes ahead of the ledger: it is of another. Run `fangxian lake rebuild`."
        )
        return Found("lake", "bad", told.format(count=mirrored - head))
    if mirrored < head:
        told = _("The lake is {count} writes behind the ledger. Run `fangxian lake sync`.")
        return Found("lake", "spare", told.format(count=head - mirrored))
    return Found("lake", "good", _("The lake mirrors all {count} writes.").format(count=head))


# ------------------------------------------------------------------------------------ the machine


def _fonts() -> Found:
    from django.utils.translation import gettext as _

    from fangxian.publishing import fonts

    chosen = fonts.chosen()
    if len(chosen) < len(fonts.STACKS):
        told = _("No Chinese font was found, so PDF cannot be made. Install one (Debian: fonts-noto-cjk).")
        return Found("fonts", "bad", told)
    told = _("The PDF is set in {fonts}.")
    return Found("fonts", "good", told.format(fonts=", ".join(sorted(set(chosen.values())))))


def _chromium() -> Found:
    from django.utils.translation import gettext as _

    names = ("chromium", "chromium-browser", "google-chrome")
    return _program("chromium", names, _("the tests of the pages"))


def _postgresql() -> Found:
    from django.utils.translation import gettext as _

    return _program("postgresql", ("initdb", "psql"), _("a ledger that many write to, and its tests"))


def _java() -> Found:
    from django.utils.translation import gettext as _

    return _program("java", ("java",), _("Spark, which a province needs, and ODK Validate"))


def _program(name: str, commands: tuple[str, ...], wanted_for: str) -> Found:
    from django.utils.translation import gettext as _

    path = next(filter(None, map(shutil.which, commands)), None)
    if path:
        return Found(name, "good", _("{name} is at {path}.").format(name=name, path=path))
    told = _("{name} is not installed. Only this needs it: {wanted_for}.")
    return Found(name, "spare", told.format(name=name, wanted_for=wanted_for))
