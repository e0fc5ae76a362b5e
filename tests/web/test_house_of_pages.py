"""What pages are made of: texts in both languages, the stylesheet, files of others, the server."""

import hashlib
import re
import socket
from datetime import datetime
from pathlib import Path

import pytest

from fangxian.kernel.demonstration import CLOCK, Demonstration
from fangxian.kernel.home import Home
from fangxian.web import compile_messages, exports, extract_messages, pack_style, serving
from fangxian.web.problems import ClockNotMovable, NotLoopback, PortTaken
from fangxian.web.templatetags import fx

PLACEHOLDER = re.compile(r"%\(\w+\)s|(?<!\{)\{\w+\}(?!\})")


def test_every_text_of_the_package_is_in_the_chinese_catalogue() -> None:
    path = next(compile_messages.catalogues())
    assert path.parts[-3] == "zh_Hans"
    kept = compile_messages.read(path)
    assert extract_messages.missing(extract_messages.update(path, extract_messages.gather())) == []
    assert not [message.id for message in kept if message.fuzzy]


def test_translations_keep_their_placeholders() -> None:
    for message in compile_messages.read(next(compile_messages.catalogues())):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for string in strings:
            assert set(PLACEHOLDER.findall(string)) == set(PLACEHOLDER.findall(ids[-1])), string


def test_catalogues_compile(tmp_path: Path) -> None:
    source = next(compile_messages.catalogues())
    copy = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(source.read_bytes())
    (compiled,) = compile_messages.compile_all(tmp_path)
    assert "指挥板".encode() in compiled.read_bytes()


def test_texts_are_gathered_from_templates_python_and_definitions() -> None:
    found = extract_messages.gather()
    assert "Who is accounted for, and who is still missing?" in found  # a template
    assert "Sports venues that exist on the day and were checked." in found  # a figure's definition
    assert found.get("person", context="measure")  # Python, with a context


def test_the_stylesheet_is_small_and_calls_nobody(package: Path) -> None:
    style = (package / "web/static/web/style.css").read_text("utf-8")
    assert len(style.encode()) < 40_000
    assert "url(" not in style and "@import" not in style
    assert "#d0021b" not in style, "the official red belongs to papers"
    assert style.count("{") == style.count("}")
    source = pack_style.SOURCE.read_text("utf-8")
    layers = [at for at, line in enumerate(source.split("\n")) if line.startswith("@layer") and "{" in line]
    above = ["\n".join(source.split("\n")[:at]) for at in layers]
    assert all(text.count("{") == text.count("}") for text in above), "no layer within another"


def test_the_stylesheet_is_packed_anew() -> None:
    files = {name: (pack_style.FOLDER / name).read_text("utf-8") for name in pack_style.packed()}
    assert files == pack_style.packed(), "python -m fangxian.web.pack_style"
    assert len(files["forms.css"]) < len(files["style.css"]) / 2


def test_pages_call_nobody_and_carry_no_inline_code(package: Path) -> None:
    for path in (package / "web/templates").rglob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text), path.name
        assert not re.search(r"\son\w+=|\sstyle=|<style", text), path.name


def test_files_of_others_are_as_published(package: Path) -> None:
    folder = package / "web/static/vendor"
    told = dict(re.findall(r"^\| (\S+\.js) .*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.M))
    kept = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.js")}
    assert kept == told
    base = (package / "web/templates/web/base.html").read_text("utf-8")
    assert all(f"vendor/{name}" in base for name in kept)


# ------------------------------------------------------------------------------------ how things are written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (781, "781"),
        (4642, "4642"),
        (14501, "14|501"),
        (256557, "256|557"),
        (-12345, "−12|345"),
        (105800.5, "105|800.5"),
    ],
)
def test_thousands_are_parted_by_a_gap_that_is_not_copied(value: float, written: str) -> None:
    told = re.sub("</?span[^>]*>|</i>", "", str(fx.n(value))).replace("<i>", "|")
    assert told == written


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\r=1"])
def test_text_that_may_be_a_formula_is_neutralised(text: str) -> None:
    assert exports.neutral(text) == f"'{text}"


def test_numbers_and_plain_text_stay() -> None:
    assert [exports.neutral(value) for value in (-1, 2.5, "一小", None)] == [-1, 2.5, "一小", None]


# ------------------------------------------------------------------------------------ the server


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1")]
)
def test_it_listens_on_loopback(host: str, address: str) -> None:
    assert serving.refuse_others(host) == address


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_it_refuses_to_listen_elsewhere(host: str) -> None:
    with pytest.raises(NotLoopback):
        serving.refuse_others(host)


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken):
            serving.refuse_taken("127.0.0.1", taken.getsockname()[1])


def test_only_a_demonstrations_clock_moves(other_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLOCK, "")
    with pytest.raises(ClockNotMovable):
        serving.move_clock("2020-02-14T09:00")
    Demonstration("x", 1, 1, "", "2020-02-12T18:20:00+08:00").write(other_home.path)
    serving.move_clock("2020-02-14T09:00")
    import os

    assert datetime.fromisoformat(os.environ[CLOCK]).day == 14
