"""What was sent and could not be taken: the office sees it in a list, with the reason."""

from typing import Any

import numpy as np

from fangxian.submissions.actions import Envelope, Sheet

from .clockwork import DAY, HOUR, at, moment
from .flow import Flow, flow
from .reports import Reports


def not_to_be_taken(r: Reports) -> Flow:
    """A dozen envelopes, each wrong in one way. Their envelope ids start with "refused"."""
    when = at(2, 6, 15)
    school = r.unit(r.city.layout.schools[0].code)
    room = r.unit(r.city.layout.classes[0].code)
    pupil = r.ledger.person[0]
    fine: dict[str, Any] = {"duties": ["organisation", "publicity", "screening"]}
    wrong: list[tuple[str, int, str, str, str, int, dict[str, Any], int]] = [
        ("five-duties", 1, "1", "outside", "unit", room, fine, 0),
        ("five-duties", 1, "7", "version", "unit", school, fine, 0),
        ("five-duties", 3, "1", "round", "unit", school, fine, 0),
        ("five-dutys", 1, "1", "campaign", "unit", school, fine, 0),
        ("five-duties", 1, "1", "answers", "unit", school, {"duties": ["everything"]}, 0),
        ("five-duties", 1, "1", "question", "unit", school, {**fine, "heads": 3}, 0),
        ("five-duties", 1, "1", "tomorrow", "unit", school, fine, -DAY),
        ("five-duties", 1, "1", "too-early", "unit", school, fine, 20 * DAY),
        ("pledge", 1, "1", "stranger", "person", pupil, {"signed": "yes"}, 0),
        ("screening", 1, "1", "closed", "household", r.ledger.household[0], {"outcome": "no_answer"}, 0),
        (
            "learning-at-home",
            0,
            "1",
            "not-open",
            "unit",
            room,
            {"expected": 1, "attended": 1, "offline": 0},
            0,
        ),
    ]

    def build(i: int) -> Envelope:
        campaign, round_, version, why, kind, subject, answers, ago = wrong[i]
        sheet = Sheet(f"refused-{why}", kind, subject, answers)
        happened = moment(when - ago - HOUR)
        return Envelope(campaign, round_, version, [sheet], happened, "web", f"refused-{why}")

    return flow(np.full(len(wrong), when), build)
