"""What a paper must show beside its content: that it is a draft, or that its data are a demonstration's.

The words are put in by code, into every page, so that no template can leave them out.
"""

from dataclasses import dataclass, replace

from .blocks import Block, Run

DEMONSTRATION = "演示数据"


@dataclass(frozen=True, slots=True)
class Marks:
    demonstration: bool = False
    draft: bool = False

    @property
    def band(self) -> str:
        """Stands at the head of every page; empty on an issued paper of a real office."""
        told = [f"{DEMONSTRATION}·不是公文·DEMONSTRATION DATA"] if self.demonstration else []
        return "　".join(told + ["草稿，未签发"] * self.draft)

    def masthead(self, text: str) -> str:
        """A demonstration has no issuing mark that could be taken for an office's."""
        return f"{DEMONSTRATION}（不是公文）" if self.demonstration else text

    def number(self, text: str) -> str:
        return f"演示{text}" if self.demonstration else text

    def title(self, text: str) -> str:
        return f"{text}（{DEMONSTRATION}）" if self.demonstration else text

    def signature(self, text: str) -> str:
        return "（演示，无人签发）" if self.demonstration else text

    def apply(self, block: Block) -> Block:
        change = getattr(self, block.kind, None) if block.kind in MARKED else None
        return replace(block, runs=(Run(change(block.text)),)) if change else block


MARKED = ("masthead", "number", "title", "signature")
