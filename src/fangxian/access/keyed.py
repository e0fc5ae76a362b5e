"""What access keeps under keys: seeds of second factors."""

from fangxian.kernel.rekeying import Keyed

from .second_factors import SecondFactors

KEYED: list[Keyed] = [SecondFactors()]
