"""The steps of a campaign that is being made."""

from django.urls import URLPattern, path

from .views import building

urlpatterns: list[URLPattern] = [
    path("", building.begin, name="new-campaign"),
    path("gallery/<str:code>.xlsx", building.gallery_file, name="new-gallery"),
    path("<int:number>/form/", building.form, name="new-form"),
    path("<int:number>/audience/", building.audience, name="new-audience"),
    path("<int:number>/audience/count/", building.count, name="new-count"),
    path("<int:number>/schedule/", building.schedule, name="new-schedule"),
    path("<int:number>/preview/", building.preview, name="new-preview"),
    path("<int:number>/form.<str:kind>", building.file, name="new-file"),
    path("<int:number>/burden/", building.burden_step, name="new-burden"),
    path("<int:number>/publish/", building.publish, name="new-publish"),
    path("<int:number>/drop/", building.drop, name="new-drop"),
]
