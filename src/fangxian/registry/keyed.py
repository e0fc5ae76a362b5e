"""What the registry keeps under keys."""

from fangxian.kernel.rekeying import Keyed, Sealed

from .models import KeptContent, PersonSecret

KEYED: list[Keyed] = [Sealed(PersonSecret, ("digest",)), Sealed(KeptContent, size=1)]
