"""All pages. What is asked (unit, as_of, known_by) stands in the query of each.

The switch of the language sets a cookie and nothing else: without a token in its form, most pages are alike
for all visitors, and are kept packed (see `remembered`).
"""

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from .doors.api import api
from .views import board, bulletins, campaigns, figures, filling, owing, problems, record, slips, units

urlpatterns: list[URLPattern | URLResolver] = [
    path("", board.board, name="board"),
    path("wall/", board.wall, name="wall"),
    path("trend/", board.trend, name="trend"),
    path("changes/", board.changes, name="changes"),
    path("owing/", owing.owing_page, name="owing"),
    path("owing/remind/", owing.remind_units, name="remind"),
    path("owing/contact/", owing.contact, name="contact"),
    path("outbox/", owing.outbox, name="outbox"),
    path("figures/", figures.catalogue, name="figures"),
    path("figures/<str:id>/", figures.figure, name="figure"),
    path("figures/<str:id>/records.<str:kind>", figures.download, {"what": "records"}, name="records"),
    path("figures/<str:id>/units.<str:kind>", figures.download, {"what": "units"}, name="by-unit"),
    path("figures/<str:id>/records/<str:key>/", record.record, name="record"),
    path("units/", units.picker, name="units"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/<str:code>/", campaigns.campaign, name="campaign"),
    path("bulletins/", bulletins.shelf_page, name="bulletins"),
    path("bulletins/paper.css", bulletins.style, name="paper-style"),
    path("bulletins/draft.<str:kind>", bulletins.draft, name="draft"),
    path("bulletins/<int:number>/", bulletins.bulletin, name="bulletin"),
    path("bulletins/<int:number>/changed/", bulletins.changed_mark, name="changed"),
    path("bulletins/<int:number>/bulletin.<str:kind>", bulletins.file, name="bulletin-file"),
    path("problems/", problems.problems, name="problems"),
    path("fill/", filling.due_list, name="fill"),
    path("fill/<str:code>/", filling.campaign, name="fill-campaign"),
    path("fill/<str:code>/<str:kind>/<str:key>/", filling.sheet, name="fill-sheet"),
    path("queue/", filling.queue, name="queue"),
    path("worker.js", filling.worker, name="worker"),
    path("slips/", slips.slips, name="slips"),
    path("h/<str:token>/", filling.family, name="family"),
    path("h/<str:token>/<str:code>/", filling.family, name="family-form"),
    path("language/", csrf_exempt(set_language), name="language"),
    path("accounts/", include("fangxian.web.urls_accounts")),
    path("", include("fangxian.web.urls_people")),
    path("api/", api.urls),
    path("openrosa/", include("fangxian.web.doors.devices")),
]
