"""What matching keeps under keys: what rows of lists say, and digests of what decisions rest on."""

from fangxian.kernel.rekeying import Digested, Keyed, Sealed

from .models import Answer, Candidate, Decision, Proposal, RowState

KEYED: list[Keyed] = [
    Sealed(RowState, ("content", "evidence"), within="row_id"),
    Sealed(Answer),
    Digested(Proposal, "evidence"),
    Digested(Candidate, "evidence"),
    Digested(Decision, "evidence"),
]
