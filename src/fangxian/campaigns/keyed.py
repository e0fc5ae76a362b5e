"""What campaigns keep under keys: where reminders are sent."""

from fangxian.kernel.rekeying import Keyed, Sealed

from .models import Channel

KEYED: list[Keyed] = [Sealed(Channel)]
