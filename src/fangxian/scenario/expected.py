"""What the figures of a built city must come to, from the plan's inputs alone."""

from .facts import Facts, Targets
from .reports import supplies_total


def expected(facts: Facts, scale: float = 1.0) -> dict[str, int]:
    """Figure id -> value at the city on the evening of the report, for each figure of the facts file."""
    targets = Targets(facts, scale)
    values = {figure: targets.of(figure) for figure, told in facts.told.items() if "value" in told}
    return values | {"supplies.delivered_value": supplies_total(targets)}
