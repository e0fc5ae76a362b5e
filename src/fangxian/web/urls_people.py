"""One's own page, people, calls, emergencies, and the auditor's pages."""

from django.urls import URLPattern, path

from .views import audit, calls, home, people, seeking

urlpatterns: list[URLPattern] = [
    path("home/", home.home, name="home"),
    path("people/", people.listed, name="people"),
    path("people/people.<str:kind>", people.download, name="people-file"),
    path("people/<int:person>/", people.person, name="person"),
    path("people/<int:person>.json", people.person_json, name="person-json"),
    path("people/<int:person_id>/unmask/", people.unmask, name="unmask"),
    path("people/<int:person_id>/glass/", people.ask_glass, name="ask-glass"),
    path("calls/", calls.listed, name="calls"),
    path("calls/take/", calls.take, name="take-call"),
    path("calls/hand-over/", calls.hand_over, name="hand-over"),
    path("calls/<int:household>/", calls.call, name="call"),
    path("calls/<int:household>/keep/", calls.keep, name="keep-call"),
    path("numbers/", calls.numbers, name="numbers"),
    path("numbers/<int:household>/", calls.mend, name="mend-number"),
    path("glass/", people.glasses, name="glasses"),
    path("glass/seek/", seeking.seek, name="seek"),
    path("glass/sought/<int:number>/", seeking.sought, name="sought"),
    path("glass/<int:number>/", people.consent, name="consent-glass"),
    path("audit/", audit.log, name="audit"),
    path("audit/glass/", audit.glasses, name="glass-log"),
    path("audit/policy/", audit.table, name="policy"),
    path("audit/accounts/", audit.accounts, name="accounts"),
]
