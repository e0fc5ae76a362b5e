"""New keys: everything opens and is found before, during and after; killed at any moment, it is run again."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.served import ROOT, Served, installed
from tests.doors.town import MORNING
from tests.forms import xlsform
from tests.matching.world import bring, rows_of
from tests.registry.conftest import at, small_city  # noqa: F401

from fangxian.access import second_factors
from fangxian.access.models import Account
from fangxian.campaigns.actions import add_channel, launch_campaign
from fangxian.campaigns.models import Channel
from fangxian.desk.actions import _household_at
from fangxian.desk.queries import numbers
from fangxian.kernel import rekeying, secrets
from fangxian.kernel.changes import head_position, recording
from fangxian.kernel.home import Home
from fangxian.kernel.models import Change, Head
from fangxian.kernel.problems import KeysChanged, KeysMissing
from fangxian.kernel.sealed_files import Sealing, open_sealed, place
from fangxian.kernel.secrets import Keyring, add_keys, keyring, make_keys, numbers_of, retire_keys
from fangxian.matching.actions import NewCandidate, NewProposal, NewRun, add_list, answer, decide, record_run
from fangxian.matching.models import Answer, Candidate, Decision, Proposal, Reopening, RowState
from fangxian.matching.rows import unseal
from fangxian.registry.actions import NewHousehold, NewPerson, add_households, enrol, find_person
from fangxian.registry.importing.directory import Registry
from fangxian.registry.importing.keeping import kept_content
from fangxian.registry.models import KeptContent, Person, PersonSecret
from fangxian.registry.queries import whole
from fangxian.submissions.actions import publish_form, receive
from fangxian.submissions.envelopes import Envelope, File, Sheet
from fangxian.submissions.models import Attachment
from fangxian.web import clock

NUMBERS = [f"99{n:016d}" for n in range(23)]
PHONES = [f"100{n:08d}" for n in range(23)]
START = date(2020, 1, 1)


# ------------------------------------------------------------------------------------ the keys themselves


def rings(folder: Path, count: int) -> list[Keyring]:
    """As a process would have taken them after each of so many rotations, all old keys being there."""
    make_keys(folder, bytes(range(96)))
    found = [keyring(folder)]
    for _number in range(count - 1):
        add_keys(folder)
        found.append(keyring(folder))
    return found


@given(st.text(max_size=30), st.integers(1, 4), st.integers(1, 4))
def test_what_one_number_made_every_later_one_opens_and_finds(
    tmp_path_factory: pytest.TempPathFactory, value: str, one: int, other: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "four"
    made = (
        rings(folder, 4)
        if not folder.exists()
        else [secrets._read(folder, tuple(range(1, n + 1))) for n in (1, 2, 3, 4)]
    )
    old, new = made[min(one, other) - 1], made[max(one, other) - 1]
    assert new.open(old.seal(value)) == value
    assert old.open(new.seal(value)) == value  # one that was taken before looks for the key that came since
    assert new.lifted(old.digest(value), since=old.number) == new.digest(value)
    assert old.digest(value) in new.digests(value)
    assert new.digests(value)[0] == new.digest(value)
    assert new.alike(old.digest(value), new.digest(value)) and new.alike(new.digest(value), old.digest(value))
    assert not new.alike(old.digest(value), new.digest(value + "x"))
    assert (old.surrogates("person", [7]) == new.surrogates("person", [7])).all()


def test_an_old_key_alone_finds_and_opens_nothing(tmp_path: Path) -> None:
    old, new = rings(tmp_path, 2)
    retire_keys(tmp_path)
    assert numbers_of(tmp_path) == (2,)
    leaked = Keyring(old.sealing, old.looking, old.laking)
    assert keyring(tmp_path).digest(NUMBERS[0]) != leaked.digest(NUMBERS[0])
    assert keyring(tmp_path).digests(NUMBERS[0]) == [new.digest(NUMBERS[0])]
    with pytest.raises((KeysMissing, InvalidTag)):
        leaked.open(new.seal("10012345678"))
    with pytest.raises(KeysMissing):
        keyring(tmp_path).open(leaked.seal("10012345678"))


def test_retired_keys_are_not_made_again(tmp_path: Path) -> None:
    rings(tmp_path, 2)
    retire_keys(tmp_path)
    make_keys(tmp_path)
    assert numbers_of(tmp_path) == (2,)


def test_a_file_begun_under_a_key_that_was_retired_is_refused_not_lost(tmp_path: Path) -> None:
    rings(tmp_path / "keys", 1)
    sealing = Sealing(tmp_path / "files", keyring(tmp_path / "keys"))
    sealing.write(b"photo")
    name = sealing.finish().digest
    add_keys(tmp_path / "keys")
    retire_keys(tmp_path / "keys")
    with pytest.raises(KeysChanged):
        sealing.keep()
    assert not place(tmp_path / "files", name).exists()


def test_every_sealed_column_and_keyed_digest_is_brought_over_or_said_why_not() -> None:
    done = {keyed.name: {"sealed", *getattr(keyed, "digests", ()), getattr(keyed, "digest", "sealed")}
            for keyed in rekeying.everything()}  # fmt: skip
    done["submissions_attachment"] = {"digest"}  # by the files of that name
    without_a_key = {("access_token", "digest"), ("access_seal", "digest")}  # SHA-256; the log's own chain
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name in ("sealed", "digest", "evidence", "content") and not field.is_relation:
                table = model._meta.db_table
                assert (table, field.name) in without_a_key or field.name in done.get(table, ()), (
                    table,
                    field,
                )


# ------------------------------------------------------------------------------------ a ledger full


def now() -> datetime:
    return Head.objects.get().at


class Full:
    """Something of everything that is kept under keys, and that all of it is there and found."""

    def __init__(self, units: dict[str, int], home: Home, folder: Path) -> None:
        self.home, self.units = home, units
        post = [(units["s1-1"], "pupil", START)]
        people = [NewPerson(f"人{n}", id_number=NUMBERS[n], phone=PHONES[n], posts=post) for n in range(20)]
        self.people = enrol(people=people, by="test", now=at(1))
        [self.household] = add_households(
            households=[NewHousehold([(self.people[0], "child")], START)], by="test", now=at(1)
        )
        alike = [NewPerson(f"双{n}", phone=PHONES[22]) for n in range(5)]  # more than a small batch takes
        first, *_others, last = enrol(people=alike, by="test", now=at(1))
        [self.sharing] = add_households(
            households=[NewHousehold([(first, "parent"), (last, "parent")], START)], by="test", now=at(1)
        )
        self.surrogates = dict(Person.objects.values_list("pk", "surrogate"))
        self._launch()
        self._list(folder)
        said = self.photo("first", self.people[0], b"a photo" * 1000)
        assert said.accepted, said
        self.channel = add_channel(
            name="群", address="json://robot/secret", kind="JSON", unit=units["xw"], by="test", now=at(3)
        )
        self.account = Account.objects.create(id=1, recorded=1, username="zhang", name="张", password="!")
        self.factor = self._factor()
        self.waiting = self._pending(b"a roster")

    def _launch(self) -> None:
        asked = {"issuer": self.units["xw"], "audience": [{"kind": "persons", "role": ["pupil"]}]}
        daily = {"schedule": {"kind": "daily"}, "opens": at(1), "closes": None, "text": ""}
        launch_campaign(code="morning", name="晨检", name_en="m", **asked, **daily, by="test", now=at(1))
        publish_form(code="morning", content=xlsform(MORNING), by="test", now=at(1))

    def photo(self, instance: str, person: int, content: bytes) -> Any:
        """Sent as a page or a device does; what was said to it."""
        sealing = Sealing(self.home.attachments)
        sealing.write(content)
        stored = sealing.finish()
        files = (File("slip.jpg", "image/jpeg", stored.size, stored.digest),)
        answers = {"state": "ill", "slip": "slip.jpg"}
        sheet = Sheet(instance, "person", person, answers, files=files)
        told = {"campaign": "morning", "round": 0, "version": "1", "happened": at(3, 8), "channel": "web"}
        [receipt] = receive(envelopes=[Envelope(sheets=[sheet], **told)], by="test", now=now())
        if receipt.accepted:
            sealing.keep()
        sealing.drop()
        return receipt

    def _pending(self, content: bytes) -> Path:
        sealing = Sealing(self.home.path / "pending")
        sealing.write(content)
        name = sealing.finish().digest
        sealing.keep()
        return place(self.home.path / "pending", name)

    def _list(self, folder: Path) -> None:
        lines = [(f"人{n}", "男", NUMBERS[n], PHONES[n], "东门", "") for n in range(6)]
        self.listing = add_list(source="交通局", title="旅客", topic="returnees", by="office", now=at(1))
        bring(folder, self.listing, lines)
        self.rows = rows_of(self.listing)
        self.match(at(3))
        for row, person in zip(self.rows[:3], self.people[:3], strict=True):
            proposal = Proposal.objects.get(row=row, recorded_until=None).pk
            decide(row=row, proposal=proposal, verdict="same", person=person, by="王", now=at(3))
        proposal = Proposal.objects.get(row=self.rows[3], recorded_until=None).pk
        decide(row=self.rows[3], proposal=proposal, verdict="unsettled", by="王", now=at(3))
        question = Decision.objects.get(row=self.rows[3]).question.pk
        answer(question=question, told="yes", note="说是本人", by="王", now=at(3))

    def match(self, now: datetime) -> None:
        """The matcher finds the same again."""
        ring, made = keyring(), []
        for row, person in zip(self.rows, self.people, strict=False):
            evidence = ring.first_digest(f"{row} {person}")
            candidates = [NewCandidate(person, 0.6, [("name", "equal")], evidence)]
            state = RowState.objects.get(row=row, recorded_until=None).pk
            made.append(NewProposal(row, state, "review", 0.6, candidates=candidates))
        record_run(run=NewRun(self.listing, "test", 1, False, 3, made), by="matcher", now=now)

    def _factor(self) -> Any:
        from allauth.mfa.models import Authenticator

        seed = second_factors.sealed("SEED", keyring())
        Authenticator.objects.create(
            user=self.account, type="recovery_codes", data={"migrated_codes": ["1", "2"]}
        )
        return Authenticator.objects.create(user=self.account, type="totp", data={"secret": seed})

    def check(self) -> None:
        position, held = head_position(), Registry(START)
        found = held.by_number(NUMBERS[:20]), held.by_phone((PHONES[n], f"人{n}") for n in range(20))
        assert [found[0][n].person for n in NUMBERS[:20]] == self.people
        assert [found[1][PHONES[n], f"人{n}"].person for n in range(20)] == self.people
        for n, person in enumerate(self.people):
            assert find_person(NewPerson(f"人{n}", id_number=NUMBERS[n])) == person
            assert find_person(NewPerson(f"人{n}", phone=PHONES[n])) == person
            assert whole(person, "id_number", position) == NUMBERS[n]
        assert len(numbers([self.sharing], day=START, position=position)[self.sharing]) == 1
        with recording("test", by="test", now=now()) as change:
            assert _household_at(PHONES[0], change) == self.household
        assert dict(Person.objects.values_list("pk", "surrogate")) == self.surrogates
        assert "人3".encode() in kept_content(KeptContent.objects.get().file_id)
        said = [unseal(state.sealed, keyring())["name"] for state in RowState.objects.order_by("row_id")]
        assert said == [f"人{n}" for n in range(6)]
        assert keyring().open(Answer.objects.get().sealed) == "说是本人"
        assert keyring().open(Channel.objects.get().sealed) == "json://robot/secret"
        self.factor.refresh_from_db()
        assert second_factors.opened(self.factor.data["secret"], keyring()) == "SEED"
        assert b"".join(open_sealed(self.waiting)) == b"a roster"
        for attachment in Attachment.objects.all():
            path = place(self.home.attachments, attachment.digest)
            assert b"".join(open_sealed(path)) == b"a photo" * 1000

    def check_matching(self) -> None:
        """Nothing is reopened, nothing proposed anew: what it rests on is the same."""
        before = Proposal.objects.count(), Reopening.objects.count()
        self.match(now())
        assert (Proposal.objects.count(), Reopening.objects.count()) == before


class Stopped(Exception):
    pass


@pytest.fixture
def full(small_city: dict[str, int], other_home: Home, tmp_path: Path) -> Full:  # noqa: F811
    return Full(small_city, other_home, tmp_path)


def rotate(home: Home, told: Callable[[str, int], None] = lambda name, count: None) -> int:
    return rekeying.rotate(home, by="test", clock=now, machine=clock.machine, told=told, settle=0)


@pytest.mark.django_db
def test_between_any_two_batches_everything_is_found_and_opens(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rekeying, "everything", lambda: [small(keyed) for keyed in EVERYTHING()])
    old, batches = keyring(), []

    def between(name: str, count: int) -> None:
        batches.append(name)
        full.check()
        full.check_matching()

    assert rotate(full.home, between) == 2
    full.check()
    full.check_matching()
    assert numbers_of(full.home.keys) == (2,)
    assert set(batches) == {keyed.name for keyed in EVERYTHING()}
    assert batches.count("registry_personsecret") == 8  # 45 values, 6 at a time
    assert_nothing_is_under(old)
    assert len(list(full.home.attachments.glob("??/*"))) == 1
    last = Change.objects.get(action="kernel.retire_keys", detail__left={})
    assert last.detail["number"] == 2
    assert rotate(full.home) == 3  # and again
    full.check()
    full.check_matching()


@pytest.mark.django_db
def test_a_file_that_is_sent_again_is_known_again_whichever_key_named_it(full: Full) -> None:
    """Its name was made by the old key, that of what comes again by the new one."""
    refused = []

    def between(name: str, count: int) -> None:
        refused.extend(full.photo("first", full.people[0], b"a photo" * 1000).problems)

    between("", 0)
    rotate(full.home, between)
    assert refused == []
    assert full.photo("first", full.people[0], b"another").problems[0][1].code == "file-conflict"
    full.check()


EVERYTHING = rekeying.everything


def small(keyed: Any) -> Any:
    from dataclasses import replace

    return replace(keyed, size=6) if isinstance(keyed, rekeying.Sealed | rekeying.Digested) else keyed


def assert_nothing_is_under(old: Keyring) -> None:
    from allauth.mfa.models import Authenticator

    for model in (PersonSecret, KeptContent, RowState, Answer, Channel):
        for sealed in model._base_manager.values_list("sealed", flat=True):
            with pytest.raises(InvalidTag):
                Keyring(old.sealing, old.looking, old.laking, bytes(sealed)[0]).open_bytes(sealed)
    digests = set(PersonSecret.objects.values_list("digest", flat=True))
    assert digests.isdisjoint(old.digest(value) for value in NUMBERS + PHONES)
    for model in (Candidate, Proposal, Decision):
        assert set(model._base_manager.values_list("keys", flat=True)) == {2}
    for row in Authenticator.objects.all():
        texts = second_factors._secrets(row.data)
        assert texts and all(text.startswith(second_factors.SEALED) for text in texts)


@pytest.mark.django_db
def test_it_goes_on_from_wherever_it_stopped(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rekeying, "everything", lambda: [small(keyed) for keyed in EVERYTHING()])

    def stop(name: str, count: int) -> None:
        raise Stopped

    stops = 0
    while True:
        try:
            assert rotate(full.home, stop) == 2
            break
        except Stopped:
            stops += 1
            full.check()
            assert numbers_of(full.home.keys) == (1, 2)
            held = rekeying.standing(full.home)
            assert sum(held.left.values()) > 0 or stops > 10
    assert stops > 10
    assert numbers_of(full.home.keys) == (2,)
    full.check()


@pytest.mark.django_db
def test_what_was_erased_meanwhile_stays_erased(full: Full) -> None:
    from fangxian.campaigns.actions import remove_channel
    from fangxian.registry.actions import erase_secrets

    def between(name: str, count: int) -> None:
        if name == "registry_personsecret" and PersonSecret.objects.filter(person=full.people[7]).exists():
            erase_secrets(persons=[full.people[7]], by="test", now=now())
            remove_channel(channel=full.channel, by="test", now=now())

    rotate(full.home, between)
    assert not PersonSecret.objects.filter(person=full.people[7]).exists()
    assert bytes(Channel.objects.get().sealed) == b""


# ------------------------------------------------------------------------------------ killed


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with installed(tmp_path_factory.mktemp("keys") / "home", pupils=20) as made:
        made.run("-c", FILL)
        yield made


MAIN = "from fangxian.cli import main; main()"
FILL = """
import django; django.setup()
from datetime import timedelta
from fangxian.registry.actions import NewPerson, enrol
from fangxian.web import clock
people = [NewPerson(f"早{n}", id_number=f"98{n:016d}", phone=f"101{n:08d}") for n in range(6000)]
enrol(people=people, by="test", now=clock.latest() + timedelta(seconds=1))
"""
FOUND = """
import django; django.setup()
from fangxian.kernel.changes import head_position
from fangxian.registry.actions import NewPerson, find_person
from fangxian.registry.queries import whole
for n in range(0, 6000, 7):
    person = find_person(NewPerson(f"早{n}", id_number=f"98{n:016d}"))
    assert person and person == find_person(NewPerson(f"早{n}", phone=f"101{n:08d}")), n
    assert whole(person, "id_number", head_position()) == f"98{n:016d}"
"""


def fangxian(served: Served, *words: str) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-c", MAIN, "--home", str(served.home), *words]
    return subprocess.Popen(
        line, env=served.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.django_db
@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=pytest.mark.long)])
def test_killed_at_any_moment_it_is_run_again_while_others_write(
    installation: Served, kills: int, tmp_path: Path
) -> None:
    chance, keys = random.Random(kills), installation.home / "keys"
    before, seen = max(numbers_of(keys)), set()
    writing = subprocess.Popen(
        [sys.executable, "-m", "tests.keys.writing", str(tmp_path / "stop"), str(kills * 1_000_000)],
        env=installation.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for _kill in range(kills):
        process = fangxian(installation, "keys", "rotate", "--settle", "1", "--pause", "0.1")
        assert process.stderr is not None
        process.stderr.readline()  # it has begun
        time.sleep(chance.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        seen.add(numbers_of(keys))
    installation.run("-c", FOUND)
    process = fangxian(installation, "keys", "rotate", "--settle", "1", "--pause", "0")
    _told, faults = process.communicate(timeout=120)
    assert process.returncode == 0, faults.decode()
    (tmp_path / "stop").touch()
    told, faults = writing.communicate(timeout=60)
    assert writing.returncode == 0, faults.decode()[-3000:]
    assert int(told) > 0
    installation.run("-c", FOUND)
    held = json.loads(subprocess.check_output(
        [sys.executable, "-c", MAIN, "--home", str(installation.home), "keys", "status", "--json"],
        env=installation.environment, cwd=ROOT,
    ))  # fmt: skip
    assert held["numbers"] == list(numbers_of(keys)) and len(held["numbers"]) == 1
    assert sum(held["left"].values()) == 0
    assert held["numbers"][0] > before
    assert any(len(numbers) == 2 for numbers in seen)
    sys.stdout.write(f"\n{kills} kills of a rotation: {int(told)} people enrolled meanwhile, none lost")
