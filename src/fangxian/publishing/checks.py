"""Add-up checks before an issue: parts, less what they share, equal the total."""

from fangxian.kernel.asof import AsOf

from .counting import Engine
from .problems import FiguresDoNotAddUp
from .signoff import Checked


def add_up(engine: Engine, at: AsOf) -> Checked:
    """All of them, and each that fails."""
    checks = list(engine.add_up_checks(at))
    failed = tuple(str(check) for check in checks if not check.ok)
    return Checked("add-up", not failed, len(failed) or len(checks), failed)


def refuse_what_does_not_add_up(engine: Engine, at: AsOf) -> None:
    """Raises FiguresDoNotAddUp, naming each check that fails."""
    found = add_up(engine, at)
    if not found.ok:
        raise FiguresDoNotAddUp(checks="\n".join(f"- {check}" for check in found.faults))
