"""keys: new keys for what is sealed, while everything goes on."""

import json
import sys
import time
from collections import Counter
from datetime import datetime

import click


def register(group: click.Group) -> None:
    group.add_command(keys)


@click.group()
def keys() -> None:
    """The keys of ID numbers, phones, lists, kept files and photos: how they stand, and new ones."""


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object: numbers, and what is left by name.")
def status(as_json: bool) -> None:
    """Which keys there are, and how much is not under the newest yet."""
    from django.utils.translation import gettext as _

    from fangxian.kernel.home import current_home
    from fangxian.kernel.rekeying import standing

    held = standing(current_home())
    if as_json:
        click.echo(json.dumps({"numbers": held.numbers, "left": held.left}))
        return
    words = _("Keys {numbers}; {count} values are not under the newest.")
    click.echo(words.format(numbers=_listed(held.numbers), count=f"{sum(held.left.values()):,}"))
    for name, count in held.left.items():
        if count:
            click.echo(f"{name}\t{count}")


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


@keys.command()
@click.option("--settle", default=60.0, show_default=True, help="Seconds between adding a key and using it.")
@click.option("--pause", default=0.05, show_default=True, help="Seconds left to others between two batches.")
@click.option("--by", default="cli", show_default=True, help="Who does it, for the change log.")
def rotate(settle: float, pause: float, by: str) -> None:
    """Add a key, bring everything under it, retire the old one. The server may go on; so may everybody.

    \b
    Where it was stopped or killed, run it again: it goes on. Make a backup of the data folder afterwards;
    a backup from before opens with its own keys alone.
      fangxian keys rotate
    """
    from django.utils.translation import gettext as _

    from fangxian.kernel import rekeying
    from fangxian.kernel.home import current_home
    from fangxian.web import clock

    home = current_home()
    rekeying.begin(home)
    progress = _Progress(sum(rekeying.standing(home).left.values()))
    number = rekeying.rotate(
        home, by=by, clock=clock.latest, machine=clock.machine, told=progress, settle=settle, pause=pause
    )
    words = _("{count} values lie under key {number}; it is the only one.")
    click.echo(words.format(count=f"{progress.done:,}", number=number))


class _Progress:
    """A line a name and at most one a second more, on the standard error."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self._said = total, 0, 0.0
        self._of: Counter[str] = Counter()

    def __call__(self, name: str, count: int) -> None:
        fresh = name not in self._of
        self._of[name] += count
        self.done += count
        if fresh or time.monotonic() - self._said > 1:
            self._said = time.monotonic()
            moment = datetime.now().astimezone().strftime("%H:%M:%S")
            click.echo(f"{moment}  {name}  {self._of[name]:,}  ({self.done:,} / {self.total:,})", err=True)
            sys.stderr.flush()
