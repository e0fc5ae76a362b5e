"""What a paper must show beside its content: that it is a draft, or that its data are a demonstration's.

The words are put in by code, into every page, so that no template can leave them out.
"""

from dataclasses import dataclass, replace

from fangxian.kernel.asof import AsOf

from .blocks import Block, Run
from .wording import moment_in_words

DEMONSTRATION = "演示数据"


@dataclass(frozen=True, slots=True)
class Marks:
    """`copy`: the id of one downloaded copy; `corrected`: the number of the bulletin that corrects this one;
    `colophon`: number and cut-off."""

    demonstration: bool = False
    draft: bool = False
    corrected: int | None = None
    copy: str = ""
    colophon: str = ""

    @property
    def bands(self) -> tuple[str, ...]:
        told = [f"{DEMONSTRATION}·不是公文·DEMONSTRATION DATA"] if self.demonstration else []
        told += ["草稿，未签发"] if self.draft else []
        return tuple(told + ([f"本期已由第{self.corrected}期更正"] if self.corrected else []))

    @property
    def band(self) -> str:
        """Stands at the head of every page; empty on an issued paper of a real office."""
        return "　".join(self.bands)

    @property
    def foot(self) -> tuple[str, ...]:
        """Stands at the foot of every page."""
        return (*filter(None, (self.colophon,)), *([f"副本编号 {self.copy}"] if self.copy else []))

    def told_of(self, number: int, at: AsOf) -> "Marks":
        """With what every paper bears: which it is, and of when its figures are."""
        told = f"第{number}期　数字截至{moment_in_words(at)}，按变更日志第{at.position}号以前的记录计数"
        return replace(self, colophon=told)

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
