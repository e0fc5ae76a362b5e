"""All pages. What is asked (unit, as_of, known_by) stands in the query of each.

The switch of the language sets a cookie and nothing else: without a token in its form, most pages are alike
for all visitors, and are kept packed (see `remembered`).
"""

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from .doors.api import api
from .views import board, bulletins, campaigns, figures, handing_in, owing, problems, record, units

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
    path("hand-in/", handing_in.hand_in, name="hand-in"),
    path("hand-in/sheet/", handing_in.sheet_back, name="sheet-back"),
    path("hand-in/confirm/", handing_in.confirm, name="confirm-sheet"),
    path("hand-in/<str:code>/sheet.xlsx", handing_in.sheet, name="sheet"),
    path("hand-in/<str:code>/chain/", handing_in.chain, name="chain"),
    path("problems/", problems.problems, name="problems"),
    path("language/", csrf_exempt(set_language), name="language"),
    path("accounts/", include("fangxian.web.urls_accounts")),
    path("", include("fangxian.web.urls_people")),
    path("api/", api.urls),
    path("openrosa/", include("fangxian.web.doors.devices")),
]
