"""How the JSON doors tell what became of something: receipts, and Problems as RFC 9457 has them."""

import json
from typing import Any

from django.utils import translation
from pydantic_core import to_json

from fangxian.kernel.problems import Problem
from fangxian.submissions.problems import AnswersAgainstForm

from .problems import DoorsBusy, LedgerUnavailable, SignInNeeded
from .taking import Outcome

Told = tuple[int, dict[str, str], bytes]  # status, headers, body

PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}
RETRY = {"Retry-After": "1"}


def language_of(accepted: str) -> str:
    """Chinese, unless the program asks for English first."""
    return "en" if accepted.strip().lower().startswith("en") else "zh-hans"


def problem_object(problem: Problem) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": f"urn:fangxian:problem:{problem.code}",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "code": problem.code,
        "detail": problem.sentence(),
    }
    if isinstance(problem, AnswersAgainstForm):
        told["faults"] = [
            {"question": fault.question, "code": fault.code, "detail": fault.sentence()}
            for fault in problem.faults
        ]
    return told


def tell_problem(problem: Problem, language: str) -> Told:
    with translation.override(language):
        body = json.dumps(problem_object(problem), ensure_ascii=False).encode("utf-8", "replace")
    return int(problem.status), {"Content-Type": PROBLEM, **headers_of(problem)}, body


def headers_of(problem: Problem) -> dict[str, str]:
    if isinstance(problem, SignInNeeded):
        return {"WWW-Authenticate": 'Basic realm="Fangxian", charset="UTF-8"'}
    return RETRY if isinstance(problem, DoorsBusy | LedgerUnavailable) else {}


def status_of(outcome: Outcome) -> int:
    if outcome.problems:
        return int(outcome.problems[0][1].status)
    return 200 if outcome.receipt.already else 201


def tell_one(outcome: Outcome, language: str) -> Told:
    """201 taken, 200 there already, or the first problem with all of them listed."""
    status = status_of(outcome)
    if not outcome.problems:  # nothing to be told in a language
        return status, JSON, to_json(outcome_object(outcome))
    with translation.override(language):
        told = outcome_object(outcome)
        told = {**told["problems"][0], "problems": told["problems"]}
    return status, {"Content-Type": PROBLEM}, json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")


def tell_many(outcomes: list[Outcome], language: str) -> Told:
    """A result an entry, in order, each with its own status."""
    with translation.override(language):
        results = [{"status": status_of(outcome), **outcome_object(outcome)} for outcome in outcomes]
    body = json.dumps({"results": results}, ensure_ascii=False).encode("utf-8", "replace")
    return 200, {"Content-Type": "application/json"}, body


def outcome_object(outcome: Outcome) -> dict[str, Any]:
    receipt = outcome.receipt
    if receipt.problems:
        found = [{"instance_id": i, **problem_object(problem)} for i, problem in receipt.problems]
        return {"outcome": "refused", "problems": found}
    return {
        "outcome": "already" if receipt.already else "accepted",
        "submissions": receipt.submissions,
        "late": receipt.late,
    }
