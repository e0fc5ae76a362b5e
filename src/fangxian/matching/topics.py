"""What lists are of: names, whether two reviewers are wanted, what a person missed would cost, and what a
list claims of the people on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Topic:
    """`cost`: how much worse it is to miss a person of this list than one of an ordinary list. `claims`: what
    an answer about a person must say to agree with the list (question -> answer); empty where the list says
    nothing that is asked. `field_class`: of that somebody is on such a list; E where it speaks of health or
    quarantine."""

    name: object
    sensitive: bool
    cost: float
    claims: Mapping[str, str] = field(default_factory=dict)
    field_class: str = "B"


TOPICS = {
    "contacts": Topic(_("contacts of confirmed cases"), sensitive=True, cost=4.0, field_class="E"),
    "returnees_hubei": Topic(_("returnees from Hubei"), sensitive=True, cost=3.0, claims={"place": "hubei"}),
    "roaming_hubei": Topic(
        _("phones that were in Hubei"), sensitive=True, cost=3.0, claims={"place": "hubei"}
    ),
    "contacts_hubei": Topic(
        _("contacts of people back from Hubei"),
        sensitive=True,
        cost=3.0,
        claims={"contact_hubei": "yes"},
        field_class="E",
    ),
    "travellers": Topic(
        _("travellers on a train, coach or flight with a case"), sensitive=True, cost=3.0, field_class="E"
    ),
    "students_away": Topic(_("university students who came home"), sensitive=False, cost=2.0),
    "tours": Topic(
        _("people on tours outside the province"),
        sensitive=False,
        cost=1.0,
        claims={"place": "other_province"},
    ),
    "returnees": Topic(_("returnees from elsewhere"), sensitive=False, cost=1.0),
    "other": Topic(_("another list"), sensitive=False, cost=1.0),
}
