"""All pages. What is asked (unit, as_of, known_by) stands in the query of each.

The switch of the language sets a cookie and nothing else: without a token in its form, most pages are alike
for all visitors, and are kept packed (see `remembered`).
"""

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from .doors.api import api
from .views import (
    attested,
    board,
    bulletins,
    campaigns,
    figures,
    owing,
    problems,
    proof,
    record,
    signoff,
    units,
    workbooks,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", board.board, name="board"),
    path("wall/", board.wall, name="wall"),
    path("trend/", board.trend, name="trend"),
    path("changes/", board.changes, name="changes"),
    path("owing/", owing.owing_page, name="owing"),
    path("owing/remind/", owing.remind_units, name="remind"),
    path("owing/contact/", owing.contact, name="contact"),
    path("outbox/", owing.outbox, name="outbox"),
    path("attested/", attested.attested, name="attested"),
    path("attested/back/", attested.back, name="attested-back"),
    path("figures/", figures.catalogue, name="figures"),
    path("figures/<str:id>/", figures.figure, name="figure"),
    path("figures/<str:id>/records.<str:kind>", figures.download, {"what": "records"}, name="records"),
    path("figures/<str:id>/units.<str:kind>", figures.download, {"what": "units"}, name="by-unit"),
    path("figures/<str:id>/records/<str:key>/", record.record, name="record"),
    path("units/", units.picker, name="units"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("", include("fangxian.web.urls_building")),
    path("campaigns/<str:code>/", campaigns.campaign, name="campaign"),
    path("bulletins/", bulletins.shelf_page, name="bulletins"),
    path("bulletins/paper.css", bulletins.style, name="paper-style"),
    path("bulletins/draft.<str:kind>", bulletins.draft, name="draft"),
    path("bulletins/bulletins.<str:kind>", bulletins.listed_file, name="bulletins-file"),
    path("bulletins/drafts/", signoff.new_draft, name="new-draft"),
    path("bulletins/drafts/<int:draft>/", signoff.signoff, name="signoff"),
    path("bulletins/drafts/<int:draft>/paper.<str:kind>", signoff.paper, name="draft-paper"),
    path("bulletins/drafts/<int:draft>/approval/", signoff.approval, name="draft-approval"),
    path("bulletins/drafts/<int:draft>/step/", signoff.step, name="draft-step"),
    path("bulletins/<int:number>/", bulletins.bulletin, name="bulletin"),
    path("bulletins/<int:number>/changed/", bulletins.changed_mark, name="changed"),
    path("bulletins/<int:number>/bulletin.<str:kind>", bulletins.file, name="bulletin-file"),
    path("proof/", proof.proof, name="proof"),
    path("proof/checked.docx", proof.file, name="proof-file"),
    path("workbooks/", workbooks.listed_page, name="workbooks"),
    path("workbooks/new/", workbooks.add, name="new-workbook"),
    path("workbooks/<int:id>/", workbooks.workbook, name="workbook"),
    path("workbooks/<int:id>/step/", workbooks.step, name="workbook-step"),
    path("workbooks/<int:id>/versions/<int:number>/", workbooks.version, name="workbook-version"),
    path("workbooks/<int:id>/versions/<int:number>/look.css", workbooks.look, name="workbook-look"),
    path("workbooks/<int:id>/versions/<int:number>/map/", workbooks.map_cells, name="workbook-map"),
    path("workbooks/<int:id>/fillings/<int:number>/", workbooks.filling, name="filling"),
    path("workbooks/<int:id>/fillings/<int:number>/filled.xlsx", workbooks.file, name="filling-file"),
    path("problems/", problems.problems, name="problems"),
    path("language/", csrf_exempt(set_language), name="language"),
    path("accounts/", include("fangxian.web.urls_accounts")),
    path("", include("fangxian.web.urls_people")),
    path("", include("fangxian.web.urls_lists")),
    path("api/", api.urls),
    path("openrosa/", include("fangxian.web.doors.devices")),
]
