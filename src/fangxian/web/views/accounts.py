"""Signing in, beside what allauth does: demonstration accounts, links of welcome, devices of one's own."""

from typing import Any

from allauth.account.utils import perform_login
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.access import actions, actor, tokens
from fangxian.access.models import Account
from fangxian.access.problems import NotThere, UnknownToken
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home


@require_POST
def demonstration(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demonstration's accounts. Elsewhere there are none, and no such page."""
    if demonstration_of(current_home()) is None:
        raise NotThere()
    name = request.POST.get("account", "")
    account = Account.objects.filter(username=name, demonstration=True, is_active=True).first()
    if account is None:
        raise NotThere()
    return _sign_in(request, account)


def _sign_in(request: HttpRequest, account: Account) -> HttpResponse:
    response: Any = perform_login(request, account, email_verification="none", redirect_url=_next(request))
    return response if isinstance(response, HttpResponse) else HttpResponseRedirect(_next(request))


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe and wanted != "/" else reverse("home")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """A link that holds once: its owner chooses a password. It is used up when that was stored."""
    found = tokens.find(token, "welcome", moment=request.moment)  # type: ignore[attr-defined]
    account = found.account
    if account is None:
        raise UnknownToken()
    form = SetPasswordForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, by = request.now, account.username  # type: ignore[attr-defined]
        tokens.use_up(token=found, by=by, now=now)
        actions.set_password(account=account, password=form.cleaned_data["new_password1"], by=by, now=now)
        return _sign_in(request, account)
    return render(request, "account/welcome.html", {"form": form, "account": account})


@require_http_methods(["GET", "HEAD"])
def own(request: HttpRequest, told: str = "") -> HttpResponse:
    """Who I am here, what I was granted, and my devices. A new device's token is shown this once."""
    account: Any = request.user
    shown = {
        "account": account,
        "grants": list(actor.grants_of(account, now=request.now)),  # type: ignore[attr-defined]
        "devices": tokens.devices(account),
        "told": told,
    }
    return render(request, "account/own.html", shown)


@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """A new device, or an old one revoked."""
    account: Any = request.user
    now, by = request.now, account.username  # type: ignore[attr-defined]
    gone = request.POST.get("revoke", "")
    if gone:
        if not gone.isdecimal() or not actions.revoke_tokens(account=account, by=by, now=now, only=int(gone)):
            raise UnknownToken()
        return redirect("account")
    name = request.POST.get("name", "").strip()[:80] or "—"
    request.method = "GET"
    return own(request, told=tokens.issue_device(account=account, name=name, by=by, now=now))
