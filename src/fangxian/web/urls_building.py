"""The steps of a campaign that is being made, and what its office may do with one that is under way."""

from django.urls import URLPattern, path

from .views import building, managing

urlpatterns: list[URLPattern] = [
    path("campaigns/new/", building.begin, name="new-campaign"),
    path("campaigns/new/gallery/<str:code>.xlsx", building.gallery_file, name="new-gallery"),
    path("campaigns/new/<int:number>/form/", building.form, name="new-form"),
    path("campaigns/new/<int:number>/audience/", building.audience, name="new-audience"),
    path("campaigns/new/<int:number>/audience/count/", building.count, name="new-count"),
    path("campaigns/new/<int:number>/schedule/", building.schedule, name="new-schedule"),
    path("campaigns/new/<int:number>/preview/", building.preview, name="new-preview"),
    path("campaigns/new/<int:number>/form.<str:kind>", building.file, name="new-file"),
    path("campaigns/new/<int:number>/burden/", building.burden_step, name="new-burden"),
    path("campaigns/new/<int:number>/publish/", building.publish, name="new-publish"),
    path("campaigns/new/<int:number>/drop/", building.drop, name="new-drop"),
    path("campaigns/<str:code>/manage/", managing.manage, name="manage-campaign"),
    path("notices/<str:code>/", managing.acknowledged, name="acknowledge"),
]
