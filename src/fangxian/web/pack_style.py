"""Pack the stylesheet: `python -m fangxian.web.pack_style` makes static/web/style.css of style.css.

For developers: what is packed is in the repository, so that nobody needs this to run; a test fails when it
drifts.
"""

import re
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("style.css")
PACKED = Path(__file__).parent / "static" / "web" / "style.css"


def packed() -> str:
    """The packer drops the blank before a colon, and `.filters :is(input)`, an input within, would become
    `.filters:is(input)`: such a blank gets its star first."""
    import rcssmin

    text = re.sub(r"(?<=[\w)\]]) :(?=[a-z])", " *:", SOURCE.read_text("utf-8"))
    return str(rcssmin.cssmin(text)) + "\n"


def main() -> None:
    text = packed()
    PACKED.write_text(text, "utf-8")
    sys.stdout.write(f"{PACKED}: {len(text.encode()):,} bytes\n")


if __name__ == "__main__":
    main()
