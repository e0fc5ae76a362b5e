"""Add-up checks before an issue: parts, less what they share, equal the total."""

from fangxian.kernel.asof import AsOf

from .counting import Engine
from .problems import FiguresDoNotAddUp


def refuse_what_does_not_add_up(engine: Engine, at: AsOf) -> None:
    """Raises FiguresDoNotAddUp, naming each check that fails."""
    failed = [check for check in engine.add_up_checks(at) if not check.ok]
    if failed:
        raise FiguresDoNotAddUp(checks="\n".join(f"- {check}" for check in failed))
