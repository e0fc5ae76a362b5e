"""What a device posts: the filled-in form in memory, its photos and files sealed to disk as they arrive."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from fangxian.kernel.home import current_home
from fangxian.kernel.sealed_files import Sealing
from fangxian.submissions.envelopes import File

from .problems import BodyOfOtherKind, BodyUnreadable

FORM = "xml_submission_file"
LARGEST_FORM = 2 * 2**20
PARTS = 100


@dataclass
class Posted:
    """`files` beside their sealings, which are kept where the submission is taken and dropped otherwise."""

    form: bytearray = field(default_factory=bytearray)
    files: list[File] = field(default_factory=list)
    sealings: list[Sealing] = field(default_factory=list)

    def drop(self) -> None:
        for sealing in self.sealings:
            sealing.drop()


def boundary_of(content_type: str) -> str:
    """Raises BodyOfOtherKind."""
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise BodyOfOtherKind(expected="multipart/form-data")
    return str(options["boundary"])


async def read_posted(chunks: AsyncIterator[bytes], boundary: str, posted: Posted) -> None:
    """Fill `posted`. Raises BodyUnreadable, and what `chunks` raises."""
    reader = _Reader(posted)
    try:
        with PushMultipartParser(boundary, max_segment_count=PARTS) as parser:
            async for chunk in chunks:
                for event in parser.parse(chunk):
                    reader.take(event)
    except (MultipartError, ValueError) as error:
        raise BodyUnreadable(reason=str(error)[:200]) from error
    if not reader.found:
        raise BodyUnreadable(reason=f"there is no part {FORM}")


class _Reader:
    def __init__(self, posted: Posted) -> None:
        self.posted = posted
        self.segment: MultipartSegment | None = None
        self.sealing: Sealing | None = None
        self.found = False

    def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is None:
            self._end()
        elif self.sealing is not None:
            self.sealing.write(event)
        elif self.segment is not None and self.segment.name == FORM:
            self.posted.form += event
            if len(self.posted.form) > LARGEST_FORM:
                raise ValueError(f"the form is larger than {LARGEST_FORM} bytes")

    def _begin(self, segment: MultipartSegment) -> None:
        self.segment = segment
        if segment.name == FORM:
            if self.found:
                raise ValueError(f"two parts {FORM}")
            self.found = True
        elif segment.filename:
            _check_name(segment.filename)
            self.sealing = Sealing(current_home().attachments)
            self.posted.sealings.append(self.sealing)

    def _end(self) -> None:
        if self.sealing is not None and self.segment is not None:
            stored = self.sealing.finish()
            media = (self.segment.content_type or "")[:80]
            self.posted.files.append(File(str(self.segment.filename), media, stored.size, stored.digest))
        self.segment = self.sealing = None


def _check_name(name: str) -> None:
    """A name is only ever a name: no path is made of it."""
    if len(name) > 200 or not name.isprintable():
        raise ValueError("a file's name is longer than 200 letters, or not printable")


def sweep_folder(folder: Path, before: float) -> None:
    from fangxian.kernel.sealed_files import sweep

    with suppress(FileNotFoundError):
        sweep(folder, before=before)
