"""Signing in, one's own account; what allauth brings lies beside."""

from django.urls import URLPattern, URLResolver, include, path

from .views import accounts

urlpatterns: list[URLPattern | URLResolver] = [
    path("demonstration/", accounts.demonstration, name="demo-sign-in"),
    path("welcome/<str:token>/", accounts.welcome, name="welcome"),
    path("own/", accounts.own, name="account"),
    path("own/tokens/", accounts.token, name="account-token"),
    path("2fa/", include("allauth.mfa.urls")),
    path("", include("allauth.account.urls")),
]
