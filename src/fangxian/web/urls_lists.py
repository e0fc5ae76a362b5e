"""Lists of other offices: their issues, what changed, and the review of whom they name; rosters brought."""

from django.urls import URLPattern, path

from .views import bringing, lists, review, twins

urlpatterns: list[URLPattern] = [
    path("lists/", lists.listed, name="lists"),
    path("lists/add/", lists.add, name="list-add"),
    path("lists/<int:listing>/", lists.one, name="list"),
    path("lists/<int:listing>/bring/", bringing.bring, name="list-bring"),
    path("lists/<int:listing>/confirm/", bringing.confirm, name="list-confirm"),
    path("lists/<int:listing>/match/", lists.match, name="list-match"),
    path("lists/<int:listing>/call/", lists.have_called, name="list-call"),
    path("lists/<int:listing>/withdraw/", lists.withdraw, name="list-withdraw"),
    path("lists/<int:listing>/issues/<int:number>/", lists.issue, name="issue"),
    path("lists/questions/<int:question>/", lists.answered, name="answer"),
    path("lists/rosters/", bringing.rosters, name="roster-bring"),
    path("lists/rosters/confirm/", bringing.confirm_roster, name="roster-confirm"),
    path("duplicates/", twins.twins, name="duplicates"),
    path("duplicates/<int:id>/", twins.twin, name="twin"),
    path("review/", review.start, name="review"),
    path("review/undo/", review.undo_last, name="undo"),
    path("review/<int:row>/", review.row, name="review-row"),
    path("review/<int:row>/decide/", review.decided, name="decide"),
    path("review/<int:row>/numbers/", review.numbers, name="whole-numbers"),
]
