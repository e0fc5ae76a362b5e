"""What the READMEs say can be typed, and where their links lead."""

import re
import shlex
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh.md")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def typed(name: str) -> list[list[str]]:
    """The commands of the code blocks and of inline code, without their comments."""
    blocks = re.findall(r"^```\n(.*?)^```", text(name), re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(fangxian [^`]+|make [^`]+)`", text(name))
    words = [shlex.split(line, comments=True) for line in lines]
    return [line for line in words if line and line[0] in ("fangxian", "make")]


def test_both_readmes_have_the_same_commands() -> None:
    blocks = [
        [line for line in typed(name) if "目录" not in line and "FOLDER" not in line] for name in READMES
    ]
    assert blocks[0] == blocks[1]
    assert len(blocks[0]) > 15


@pytest.mark.parametrize("name", READMES)
def test_each_command_of_the_readme_exists_with_its_options(name: str) -> None:
    from fangxian.cli.main import _build

    unknown = [
        " ".join(line) for line in typed(name) if line[0] == "fangxian" and not _known(_build(), line[1:])
    ]
    assert unknown == []


def _known(group: click.Group, words: list[str]) -> bool:
    """Whether click has each command on the way, and each option."""
    command: click.Command = group
    options: set[str] = {"--help"}
    for word in words:
        options |= {name for parameter in command.params for name in parameter.opts}
        if word.startswith("--") and word not in options:
            return False
        if isinstance(command, click.Group):
            command = command.commands.get(word) or command.commands.get(
                getattr(command, "fallback", ""), command
            )
    alone = not isinstance(command, click.Group) or command.invoke_without_command
    return alone or words[0].startswith("--")


@pytest.mark.parametrize("name", READMES)
def test_each_target_of_make_exists(name: str) -> None:
    makefile = text("Makefile")
    targets = {line[1] for line in typed(name) if line[0] == "make"}
    assert targets
    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.M)} == set()


@pytest.mark.parametrize("name", [*READMES, "docs/glossary.md", "docs/architecture.md"])
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", text(name))
    assert [link for link in links if not ((ROOT / name).parent / link).exists()] == []
