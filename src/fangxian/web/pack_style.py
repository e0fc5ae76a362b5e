"""Pack the stylesheet: `python -m fangxian.web.pack_style` makes static/web/style.css of style.css, and
forms.css of what forms need of it, which is sooner on a slow phone.

For developers: what is packed is in the repository, so that nobody needs this to run; a test fails when it
drifts.
"""

import re
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from string import ascii_lowercase

SOURCE = Path(__file__).with_name("style.css")
FOLDER = Path(__file__).parent / "static" / "web"
PAGES, OWN, NEXT, MARK = "@layer pages {", "/* forms on a phone */", "/* the callers' desk */", "/* forms */"
_PROPERTY = re.compile(r"(?<![\w-])--([a-z][\w-]*)")


def packed() -> dict[str, str]:
    """The text of each file."""
    whole = SOURCE.read_text("utf-8")
    names = _short_names(whole)
    return {"style.css": _packed(whole, names), "forms.css": _packed(_of_forms(whole), names)}


def _of_forms(whole: str) -> str:
    """What stands before the pages' own layer, the lines of it that are marked, and the forms' section."""
    marked = "\n".join(line for line in whole.splitlines() if line.endswith(MARK))
    own = whole[whole.index(OWN) : whole.index(NEXT)]
    return f"{whole[: whole.index(PAGES)]}{PAGES}\n{marked}\n}}\n{own}"


def _packed(text: str, names: dict[str, str]) -> str:
    """Custom properties under short names: nothing but the stylesheet names them. The packer drops the blank
    before a colon, and `.filters :is(input)`, an input within, would become `.filters:is(input)`: such a
    blank gets its star first."""
    import rcssmin

    starred = re.sub(r"(?<=[\w)\]]) :(?=[a-z])", " *:", text)
    return _PROPERTY.sub(lambda found: f"--{names[found[1]]}", str(rcssmin.cssmin(starred))) + "\n"


def _short_names(whole: str) -> dict[str, str]:
    """The most used ones are the shortest."""
    used = [name for name, _times in Counter(_PROPERTY.findall(whole)).most_common()]
    letters = [*ascii_lowercase, *map("".join, product(ascii_lowercase, repeat=2))]
    return dict(zip(used, letters, strict=False))


def main() -> None:
    for name, text in packed().items():
        (FOLDER / name).write_text(text, "utf-8")
        sys.stdout.write(f"{FOLDER / name}: {len(text.encode()):,} bytes\n")


if __name__ == "__main__":
    main()
