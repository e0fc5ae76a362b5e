"""What lists are of: names, whether two reviewers are wanted, and what a person missed would cost."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Topic:
    """`cost`: how much worse it is to miss a person of this list than one of an ordinary list."""

    name: object
    sensitive: bool
    cost: float


TOPICS = {
    "contacts": Topic(_("contacts of confirmed cases"), sensitive=True, cost=4.0),
    "returnees_hubei": Topic(_("returnees from Hubei"), sensitive=True, cost=3.0),
    "travellers": Topic(_("travellers on a train, coach or flight with a case"), sensitive=True, cost=3.0),
    "students_away": Topic(_("university students who came home"), sensitive=False, cost=2.0),
    "returnees": Topic(_("returnees from elsewhere"), sensitive=False, cost=1.0),
    "other": Topic(_("another list"), sensitive=False, cost=1.0),
}
