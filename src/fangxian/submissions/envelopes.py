"""What comes in at the doors, before it is taken."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from fangxian.kernel.problems import Problem
from fangxian.registry.actions import NewPerson


class Sender(Protocol):
    """Who brought it, and about whom that one may speak."""

    @property
    def name(self) -> str: ...

    @property
    def unit(self) -> int | None:
        """The unit for which it speaks where a form does not say about whom."""
        ...

    @property
    def household(self) -> int | None:
        """A family that came by its link speaks for itself alone."""
        ...

    @property
    def members(self) -> frozenset[int]: ...

    def reaches(self, unit: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class File:
    """What came beside a sheet, stored already (`kernel.sealed_files`)."""

    name: str
    media: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One answer sheet. `household` where a member is answered for within a household's envelope;
    `supersedes` names the instance that this one corrects. `member` names one whom the household has not
    named before, with the relation (`subject` is then 0): added to it when the envelope is accepted.
    `named` is how the sender called the subject."""

    instance_id: str
    subject_kind: str  # person, unit, household
    subject: int
    answers: dict[str, Any]
    household: int | None = None
    reporter: int | None = None
    supersedes: str | None = None
    member: tuple[NewPerson, str] | None = None
    named: str = ""
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """Sheets that are accepted together or not at all. `round` is 0 for a daily campaign."""

    campaign: str
    round: int
    version: str
    sheets: Sequence[Sheet]
    happened: datetime
    channel: str
    envelope_id: str = ""
    text: int | None = None
    sender: Sender | None = None  # None: whoever may read the data folder itself
    door: str = ""


@dataclass(slots=True)
class Receipt:
    """`already`: every sheet had been taken before, with the same content. `late`: after the round closed."""

    accepted: bool = False
    already: bool = False
    late: bool = False
    submissions: list[int] = field(default_factory=list)
    problems: list[tuple[str, Problem]] = field(default_factory=list)
