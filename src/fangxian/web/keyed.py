"""What pages keep under keys: files that wait to be confirmed."""

from fangxian.kernel.rekeying import Files, Keyed

from .pending import folder

KEYED: list[Keyed] = [Files(folder)]
