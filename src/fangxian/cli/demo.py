"""demo: build the demonstration city."""

import sys
from pathlib import Path
from typing import Any

import click


def register(group: click.Group) -> None:
    group.add_command(demo)


@click.command()
@click.option(
    "--scale",
    type=click.FloatRange(0.01, 1),
    default=1.0,
    show_default=True,
    help="The part of a city's size: 0.01 is built in seconds, 1 in some minutes.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another city."
)
@click.option(
    "--facts",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Facts to lead to, instead of the scenario's own.",
)
def demo(scale: float, seed: int, file: Path | None) -> None:
    """Build a demonstration: a city of invented people that played its response of early 2020.

    \b
    fangxian demo                               the city at full size, in ./var
    fangxian --home /tmp/small demo --scale 0.01

    It takes the place of an older demonstration when it is whole; what is no demonstration is left alone.
    The clock of a demonstration stands at 2020-02-12 18:20.
    """
    from fangxian.kernel.home import current_home
    from fangxian.scenario.build import build_demonstration
    from fangxian.scenario.facts import read_facts

    home = current_home()
    with _Progress() as told:
        built = build_demonstration(home, read_facts(file), scale=scale, seed=seed, told=told)
    _say(home.path, built)


class _Progress:
    """One bar a stage, on stderr."""

    def __init__(self) -> None:
        self.stage, self.done = "", 0
        self.bar: Any = None

    def __enter__(self) -> "_Progress":
        return self

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self.stage:
            self.close()
            self.stage, self.done = stage, 0
            self.bar = self._open(stage, total)
        if self.bar is not None:
            self.bar.update(done - self.done)
        self.done = done

    def _open(self, stage: str, total: int) -> Any:
        bar: Any = click.progressbar(length=total, label=f"{_stages()[stage]:<8}", file=sys.stderr)
        bar.__enter__()
        return bar

    def close(self) -> None:
        if self.bar is not None:
            self.bar.__exit__(None, None, None)
            self.bar = None

    def __exit__(self, *_error: object) -> None:
        self.close()


def _stages() -> dict[str, str]:
    from django.utils.translation import gettext as _

    return {
        "plan": _("Planning"),
        "people": _("Enrolling people"),
        "households": _("Settling households"),
        "replay": _("Playing the response"),
        "lake": _("Mirroring to the lake"),
    }


def _say(path: Path, built: Any) -> None:
    from django.utils.translation import gettext as _

    sentence = _("The city is in {path}: {people} people, {submissions} submissions, built in {seconds} s.")
    click.echo(
        sentence.format(
            path=path,
            people=f"{built.people:,}",
            submissions=f"{built.played.taken:,}",
            seconds=round(sum(built.seconds.values())),
        )
    )
