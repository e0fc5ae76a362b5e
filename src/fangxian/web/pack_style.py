"""Pack the stylesheet: `python -m fangxian.web.pack_style` makes static/web/style.css of style.css.

For developers: what is packed is in the repository, so that nobody needs this to run; a test fails when it
drifts.
"""

import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("style.css")
PACKED = Path(__file__).parent / "static" / "web" / "style.css"


def packed() -> str:
    import rcssmin

    return str(rcssmin.cssmin(SOURCE.read_text("utf-8"))) + "\n"


def main() -> None:
    text = packed()
    PACKED.write_text(text, "utf-8")
    sys.stdout.write(f"{PACKED}: {len(text.encode()):,} bytes\n")


if __name__ == "__main__":
    main()
