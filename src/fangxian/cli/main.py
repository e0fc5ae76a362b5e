"""`fangxian`: sets up the data folder and Django, then finds the commands of this package."""

import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click


class Commands(click.Group):
    """Renders Problems as one sentence on stderr and exit code 2; a traceback is for bugs alone."""

    def invoke(self, ctx: click.Context) -> Any:
        from fangxian.kernel.problems import Problem

        try:
            return super().invoke(ctx)
        except Problem as problem:
            click.echo(f"{problem.sentence()} [{problem.code}]", err=True)
            sys.exit(2)


def _setup(home: str) -> None:
    os.environ["FANGXIAN_HOME"] = str(Path(home).absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fangxian.settings")
    import django

    django.setup()


def _build() -> click.Group:
    @click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
    @click.option(
        "--home",
        default=lambda: os.environ.get("FANGXIAN_HOME", "var"),
        help="The data folder (default ./var).",
    )
    @click.option(
        "--lang", type=click.Choice(["zh-hans", "en"]), default="zh-hans", help="Language of messages."
    )
    @click.version_option(package_name="fangxian")
    def group(home: str, lang: str) -> None:
        """Fangxian 防线: report once; every figure is counted, never typed, and opens to its records."""
        _setup(home)
        from django.utils import translation

        translation.activate(lang)

    from fangxian import cli

    for module in pkgutil.iter_modules(cli.__path__):
        loaded = importlib.import_module(f"{cli.__name__}.{module.name}")
        if hasattr(loaded, "register"):
            loaded.register(group)
    return group


def main() -> None:
    _build()(args=_home_first(sys.argv[1:]))


def _home_first(words: list[str]) -> list[str]:
    """`--home` and `--lang` may stand anywhere on the line: they are the installation's, not a command's."""
    front: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            rest += words[at:]
            break
        name = word.split("=", 1)[0]
        width = 1 if "=" in word else 2
        if name in ("--home", "--lang"):
            front += words[at : at + width]
            at += width
        else:
            rest.append(word)
            at += 1
    return front + rest
