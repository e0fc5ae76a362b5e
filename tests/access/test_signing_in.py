"""Who a request is from: password, device, link; what is gone is gone at the next request."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from fangxian.access import actions, authenticate, tokens
from fangxian.access.models import Account, Token
from fangxian.access.problems import (
    AccountTaken,
    GrantOverlaps,
    NameOfAccount,
    RoleNotOverUnit,
    TooManyAttempts,
    UnknownRoleOfAccess,
    UnknownToken,
)
from fangxian.kernel.changes import recording
from fangxian.kernel.home import Home
from fangxian.kernel.models import Change
from fangxian.submissions.known import Known

from .conftest import NOW, START

pytestmark = pytest.mark.django_db
Opened = Callable[..., Account]
WORD = "一只很长的狐狸跳过田野"


@pytest.fixture(autouse=True)
def _no_attempts() -> None:
    cache.clear()


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def with_password(account: Account, word: str = WORD) -> Account:
    actions.set_password(account=account, password=word, by="test", now=NOW)
    return account


# ------------------------------------------------------------------------------------ devices


def test_a_devices_token_is_its_accounts_until_it_is_revoked(opened: Opened, asked: Any) -> None:
    head = opened("head", "head", "s1")
    text = tokens.issue_device(account=head, name="手机", by="head", now=NOW)
    for told in (f"Bearer {text}", basic("head", text), basic("", text)):
        actor = authenticate(asked(told))
        assert actor is not None and actor.account == head.pk and actor.roles == ("head",)
    assert authenticate(asked(basic("other", text))) is None
    [device] = tokens.devices(head)
    tokens.revoke(token=device.pk, by="head", now=NOW)
    assert authenticate(asked(f"Bearer {text}")) is None
    with pytest.raises(UnknownToken):
        tokens.revoke(token=device.pk, by="head", now=NOW)


def test_only_a_tokens_digest_is_kept(opened: Opened) -> None:
    text = tokens.issue_device(account=opened("head"), name="手机", by="head", now=NOW)
    row = Token.objects.get()
    assert text not in str(vars(row)) and row.digest == tokens.digest(text) and len(text) > 40
    assert not [change for change in Change.objects.all() if text in str(change.detail)]


def test_a_closed_account_is_nobody(opened: Opened, asked: Any) -> None:
    head = with_password(opened("head", "head", "s1"))
    text = tokens.issue_device(account=head, name="手机", by="head", now=NOW)
    actions.close_account(account=head, by="test", now=NOW)
    assert authenticate(asked(f"Bearer {text}")) is None
    assert authenticate(asked(basic("head", WORD))) is None


# ------------------------------------------------------------------------------------ passwords


def test_a_password_changed_on_the_page_is_a_record_that_doors_heed(
    opened: Opened, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A door forgets whom it admitted once anything but answers was recorded (`Known.refresh`)."""
    monkeypatch.setattr("fangxian.web.clock.latest", lambda: NOW)
    head = with_password(opened("head", "head", "s1"))
    known = Known()
    with recording("submissions.receive", by="doors", now=NOW) as change:
        before = known.refresh(change.position)
    with recording("submissions.receive", by="doors", now=NOW) as change:
        assert known.refresh(change.position) == before
    client.force_login(head, backend=settings.AUTHENTICATION_BACKENDS[0])
    posted = {"oldpassword": WORD, "password1": f"{WORD}二", "password2": f"{WORD}二"}
    assert client.post(reverse("account_change_password"), posted).status_code == 302
    written = Change.objects.order_by("-position").first()
    assert written is not None and (written.action, written.by) == ("access.set_password", "head")
    with recording("submissions.receive", by="doors", now=NOW) as change:
        assert known.refresh(change.position) == before + 1


def test_a_password_by_basic_until_it_is_changed(opened: Opened, asked: Any) -> None:
    head = with_password(opened("head", "head", "s1"))
    for _again in range(3):
        actor = authenticate(asked(basic("head", WORD)))
        assert actor is not None and actor.name == "head"
    with_password(head, "另外一句更长的话在这里")
    assert authenticate(asked(basic("head", WORD))) is None


def test_wrong_passwords_are_limited_by_name_and_address(opened: Opened, asked: Any) -> None:
    with_password(opened("head", "head", "s1"))
    for _wrong in range(5):
        assert authenticate(asked(basic("head", "wrong"))) is None
    with pytest.raises(TooManyAttempts):
        authenticate(asked(basic("head", "wrong")))
    assert authenticate(asked(basic("other", "wrong"))) is None


def test_an_account_without_a_password_has_none(opened: Opened, asked: Any) -> None:
    account = opened("demo", "head", "s1", demonstration=True)
    assert not account.has_usable_password()
    for word in ("", "demo", "password", "None", "!"):
        cache.clear()
        assert authenticate(asked(basic("demo", word))) is None


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic " + "A" * 9, "Digest x", "Bearer", "Bearer fx_"]
)
def test_a_header_that_says_nothing_is_nobody(db: None, asked: Any, header: str) -> None:
    assert authenticate(asked(header)) is None


def test_with_a_second_factor_the_password_alone_opens_nothing(opened: Opened, asked: Any) -> None:
    from allauth.mfa.models import Authenticator

    head = with_password(opened("head", "head", "s1"))
    Authenticator.objects.create(user=head, type="totp", data={"secret": "x"})
    assert authenticate(asked(basic("head", WORD))) is None
    text = tokens.issue_device(account=head, name="手机", by="head", now=NOW)
    assert authenticate(asked(basic("head", text))) is not None


# ------------------------------------------------------------------------------------ households


def test_a_households_link_reaches_its_members_and_no_unit(small_city: dict[str, int]) -> None:
    from fangxian.registry.actions import NewHousehold, NewPerson, add_households, enrol

    posts = [(small_city["s1-1"], "pupil", START)]
    people = enrol(
        people=[NewPerson("丁一", posts=posts), NewPerson("丁母"), NewPerson("外人")], by="t", now=NOW
    )
    members = [(people[0], "child"), (people[1], "parent")]
    [home] = add_households(households=[NewHousehold(members, START)], by="t", now=NOW)
    text = tokens.issue_household(household=home, name="丁家", by="t", now=NOW)
    actor = tokens.actor_by_link(text, now=NOW)
    assert actor.members == set(people[:2]) and actor.units() == frozenset()
    assert not actor.reaches(small_city["s1-1"])
    with pytest.raises(UnknownToken):
        tokens.actor_by_token(text, now=NOW)


# ------------------------------------------------------------------------------------ pages


def test_a_link_of_welcome_holds_once_and_for_three_days(opened: Opened, client: Any) -> None:
    from fangxian.web import clock

    head = opened("head", "head", "s1")
    old = tokens.issue_welcome(account=head, by="t", now=NOW, moment=clock.machine())
    late = clock.machine() - timedelta(hours=73)
    text = tokens.issue_welcome(account=head, by="t", now=NOW, moment=late)
    for token in (old, text, "fx_nonsense"):
        assert client.get(reverse("welcome", args=[token])).status_code == 404
    text = tokens.issue_welcome(account=head, by="t", now=NOW, moment=clock.machine())
    address = reverse("welcome", args=[text])
    assert client.get(address).status_code == 200
    weak = client.post(address, {"new_password1": "1234567890", "new_password2": "1234567890"})
    assert weak.status_code == 200 and not Account.objects.get(pk=head.pk).has_usable_password()
    done = client.post(address, {"new_password1": WORD, "new_password2": WORD})
    assert done.status_code == 302 and client.session["_auth_user_id"] == str(head.pk)
    client.logout()
    assert client.post(address, {"new_password1": WORD, "new_password2": WORD}).status_code == 404
    told = client.post(reverse("account_login"), {"login": "head", "password": WORD})
    assert told.status_code == 302


def test_without_signing_in_pages_lead_to_it_and_programs_get_a_problem(client: Any, db: None) -> None:
    page = client.get("/?unit=xw", headers={"Accept": "text/html"})
    assert page.status_code == 302 and page["Location"] == "/accounts/login/?next=%2F%3Funit%3Dxw"
    told = client.get("/", headers={"Accept": "application/json"})
    assert told.status_code == 401 and told.json()["code"] == "sign-in-first"
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401
    assert client.post("/figures/").status_code == 401


def test_the_sign_in_page_offers_accounts_in_a_demonstration_alone(
    opened: Opened, client: Any, demonstration: Home
) -> None:
    opened("d-head", "head", "s1", demonstration=True)
    opened("real", "head", "s1")
    page = client.get("/accounts/login/").content.decode()
    assert 'value="d-head"' in page and 'value="real"' not in page and "演示账号" in page
    assert client.post("/accounts/demonstration/", {"account": "real"}).status_code == 404
    assert client.post("/accounts/demonstration/", {"account": "d-head"}).status_code == 302
    assert client.session.get("_auth_user_id")
    client.logout()
    (demonstration.path / "demonstration.json").unlink()
    assert "d-head" not in client.get("/accounts/login/").content.decode()
    assert client.post("/accounts/demonstration/", {"account": "d-head"}).status_code == 404


def test_nobody_opens_an_account_by_oneself(client: Any, db: None) -> None:
    for address in ("/accounts/signup/", "/accounts/email/"):
        assert client.get(address).status_code == 404
    data = {"username": "me", "password1": WORD, "password2": WORD}
    assert client.post("/accounts/signup/", data).status_code == 404
    assert not Account.objects.exists()


def test_ones_own_devices(opened: Opened, client: Any) -> None:
    other = tokens.issue_device(account=opened("other"), name="x", by="t", now=NOW)
    client.force_login(opened("head", "head", "s1"))
    page = client.post("/accounts/own/tokens/", {"name": "我的手机"}).content.decode()
    [device] = Token.objects.filter(account__username="head")
    assert device.name == "我的手机" and "fx_" in page
    assert "fx_" not in client.get("/accounts/own/").content.decode()
    theirs = Token.objects.get(digest=tokens.digest(other))
    assert client.post("/accounts/own/tokens/", {"revoke": theirs.pk}).status_code == 404
    assert client.post("/accounts/own/tokens/", {"revoke": device.pk}).status_code == 302
    assert tokens.devices(Account.objects.get(username="head")) == []


# ------------------------------------------------------------------------------------ refusals


def test_what_cannot_be_granted_is_refused_in_words(opened: Opened, small_city: dict[str, int]) -> None:
    head = opened("head", "head", "s1")
    say = {"account": head, "since": START, "by": "t", "now": NOW}
    with pytest.raises(GrantOverlaps):
        actions.grant(role="head", unit=small_city["s1"], **say)
    with pytest.raises(RoleNotOverUnit):
        actions.grant(role="head", unit=small_city["c1"], **say)
    for role in ("king", "household"):
        with pytest.raises(UnknownRoleOfAccess):
            actions.grant(role=role, unit=small_city["c1"], **say)
    with pytest.raises(AccountTaken):
        opened("head")
    for name in ("", "a", "a b", "x" * 41, "a\n"):
        with pytest.raises(NameOfAccount):
            opened(name)


# ------------------------------------------------------------------------------------ doors


def test_a_door_admits_who_may_report(opened: Opened, small_city: dict[str, int]) -> None:
    from fangxian.access.authentication import admit

    say = {"address": "127.0.0.1", "now": NOW, "moment": NOW}
    head, operator = opened("head", "head", "s1"), opened("operator", "system_operator", "xw")
    text = tokens.issue_device(account=head, name="手机", by="t", now=NOW)
    for told in ({"authorization": "", "token": text}, {"authorization": f"Bearer {text}", "token": ""}):
        reporter = admit(**told, **say)
        assert reporter is not None and (reporter.name, reporter.unit) == ("head", small_city["s1"])
        assert reporter.reaches(small_city["s1-1"]) and not reporter.reaches(small_city["s2-1"])
    silent = tokens.issue_device(account=operator, name="机", by="t", now=NOW)
    assert admit(authorization=f"Bearer {silent}", token="", **say) is None
    assert admit(authorization="", token="fx_nobody", **say) is None
    assert admit(authorization=basic("head", "demonstration"), token="", **say) is None


# ------------------------------------------------------------------------------------ sessions


def ends_session(account: Account, session: Session) -> None:
    session.delete()


def expires(account: Account, session: Session) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def is_closed(account: Account, session: Session) -> None:
    Account.objects.filter(pk=account.pk).update(is_active=False)


def has_a_new_password(account: Account, session: Session) -> None:
    with_password(account, WORD + "与狗")


@pytest.mark.parametrize("what", [ends_session, expires, is_closed, has_a_new_password])
def test_a_session_holds_until_it_or_its_account_ends(opened: Opened, client: Any, what: Any) -> None:
    head = with_password(opened("head", "head", "s1"))
    client.force_login(head)
    address = reverse("account")
    assert client.get(address).status_code == client.get(address).status_code == 200
    held = Session.objects.get()
    assert held.expire_date > timezone.now() + timedelta(hours=11)
    what(head, held)
    assert client.get(address).status_code == 302


def test_a_session_that_expires_this_minute_still_holds(opened: Opened, client: Any) -> None:
    client.force_login(opened("head", "head", "s1"))
    Session.objects.update(expire_date=timezone.now() + timedelta(seconds=30))
    assert client.get(reverse("account")).status_code == 200
