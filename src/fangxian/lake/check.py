"""Holds the lake against the ledger: what is missing, damaged, late or miscounted."""

import json
from collections import Counter
from collections.abc import Iterator

from fangxian.kernel.home import Home
from fangxian.kernel.moments import from_ms
from fangxian.kernel.problems import Problem
from fangxian.kernel.secrets import keyring

from .files import verify
from .ledger import Address, Ledger, open_ledger
from .manifest import Dataset, File, Manifest, load, look
from .mirror import fingerprint, form_dataset
from .problems import (
    AnswersUnreadable,
    LakeBehind,
    LakeBroken,
    LakeMiscounted,
    LakeMissing,
    LakeOfAnotherLedger,
)
from .reader import Lake
from .sources import AnswerSource, Source, Sources


def check(home: Home, *, ledger: Address, sources: Sources) -> list[Problem]:
    """What is wrong with the lake, most basic first; empty where nothing is. Reads every file once.

    Raises LedgerMissing, KeysMissing.
    """
    try:
        manifest = load(home.lake, look_at_files=False)
    except (LakeMissing, LakeBroken) as problem:
        return [problem]
    damaged = list(_damaged(home, manifest))
    with open_ledger(ledger) as opened:
        held = opened.fingerprint(manifest.position)
        if manifest.ledger != held or manifest.keys != fingerprint(keyring(home.keys)):
            return [*damaged, LakeOfAnotherLedger()]
        findings = [*damaged, *_behind(manifest, opened), *_unreadable(manifest)]
        return findings if damaged else [*findings, *_miscounted(home, manifest, opened, sources)]


def _damaged(home: Home, manifest: Manifest) -> Iterator[Problem]:
    for file in manifest.files():
        problem = _damage(home, file)
        if problem:
            yield problem


def _damage(home: Home, file: File) -> Problem | None:
    try:
        look(home.lake, file)
        verify(home.lake, file, again=True)
    except LakeBroken as problem:
        return problem
    return None


def _behind(manifest: Manifest, ledger: Ledger) -> Iterator[Problem]:
    if ledger.position > manifest.position:
        yield LakeBehind(known_at=from_ms(manifest.known_at).isoformat())


def _unreadable(manifest: Manifest) -> Iterator[Problem]:
    for name, dataset in manifest.datasets.items():
        if dataset.unreadable:
            yield AnswersUnreadable(dataset=name, count=dataset.unreadable)


def _miscounted(home: Home, manifest: Manifest, ledger: Ledger, sources: Sources) -> Iterator[Problem]:
    logged = _logged(ledger, manifest.position)
    lake = Lake(home)
    for source in sources.plain:
        held = manifest.datasets[source.dataset].rows()
        there = max(ledger.count(source, manifest.position), logged[source.table])
        if held != there:
            yield LakeMiscounted(dataset=source.dataset, lake=held, ledger=there)
        if source.bitemporal:
            yield from _ends_miscounted(lake, ledger, source)
    for sheets in sources.answers:
        yield from _sheets_miscounted(manifest, ledger, sheets, logged)


def _logged(ledger: Ledger, until: int) -> Counter[str]:
    """Rows by table, as the change log counted them when they were recorded."""
    logged: Counter[str] = Counter()
    details = ledger.rows(f"SELECT CAST(detail AS text) FROM kernel_change WHERE position <= {until}")  # noqa: S608
    for (detail,) in details:
        logged.update(json.loads(detail).get("rows", {}))
    return logged


def _ends_miscounted(lake: Lake, ledger: Ledger, source: Source) -> Iterator[Problem]:
    rows = lake.relation(source.dataset).aggregate("count(recorded_until)").fetchall()[0][0]
    there = ledger.rows(
        f"SELECT count(*) {ledger.tail(source, 0, lake.position)} AND t.recorded_until <= {lake.position}"  # noqa: S608
    )[0][0]
    if rows != there:
        yield LakeMiscounted(dataset=f"{source.dataset} (ended)", lake=rows, ledger=there)


def _sheets_miscounted(
    manifest: Manifest, ledger: Ledger, sheets: AnswerSource, logged: Counter[str]
) -> Iterator[Problem]:
    """Form by form, and all together against the log."""
    there = _sheets_by_form(ledger, sheets, manifest.position)
    names = {form_dataset(sheets, form) for form in there}
    for form, count in sorted(there.items()):
        held = manifest.datasets.get(form_dataset(sheets, form), Dataset()).rows()
        if held != count:
            yield LakeMiscounted(dataset=form_dataset(sheets, form), lake=held, ledger=count)
    total = sum(manifest.datasets[name].rows() for name in names if name in manifest.datasets)
    if total < logged[sheets.source.table]:
        yield LakeMiscounted(dataset=sheets.source.dataset, lake=total, ledger=logged[sheets.source.table])


def _sheets_by_form(ledger: Ledger, sheets: AnswerSource, until: int) -> Counter[str]:
    forms = {key: form for key, form, *_rest in ledger.rows(sheets.forms)}
    version = next(column.sql for column in sheets.source.columns if column.name == "version_id")
    counted: Counter[str] = Counter()
    for key, count in ledger.rows(
        f"SELECT {version}, count(*) {ledger.tail(sheets.source, 0, until)} GROUP BY {version}"  # noqa: S608
    ):
        counted[forms[key]] += count
    return counted
