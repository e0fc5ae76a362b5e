"""One's own page, people, emergencies, and the auditor's pages."""

from django.urls import URLPattern, path

from .views import audit, home, people

urlpatterns: list[URLPattern] = [
    path("home/", home.home, name="home"),
    path("people/", people.listed, name="people"),
    path("people/people.<str:kind>", people.download, name="people-file"),
    path("people/<int:person>/", people.person, name="person"),
    path("people/<int:person>.json", people.person_json, name="person-json"),
    path("people/<int:person_id>/unmask/", people.unmask, name="unmask"),
    path("people/<int:person_id>/glass/", people.ask_glass, name="ask-glass"),
    path("glass/", people.glasses, name="glasses"),
    path("glass/<int:number>/", people.consent, name="consent-glass"),
    path("audit/", audit.log, name="audit"),
    path("audit/policy/", audit.table, name="policy"),
    path("audit/accounts/", audit.accounts, name="accounts"),
]
