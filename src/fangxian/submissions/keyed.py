"""What submissions keep under keys: photos and files."""

from fangxian.kernel.home import current_home
from fangxian.kernel.rekeying import Files, Keyed

from .models import Attachment

KEYED: list[Keyed] = [Files(lambda: current_home().attachments, Attachment)]
