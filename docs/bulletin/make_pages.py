"""Makes the pages of this folder from a bulletin's PDF: `python docs/bulletin/make_pages.py bulletin.pdf`."""

import sys
from pathlib import Path

import pymupdf

for number, page in enumerate(pymupdf.open(sys.argv[1]), start=1):
    page.get_pixmap(dpi=96).save(Path(__file__).with_name(f"page-{number}.png"))
