"""Forms: XLSForms compiled once, answers checked against them.

`compile_xlsform(bytes)` makes a `Form`; `Form.dump()` and `Form.load()` store it; `form.check(answers,
today=day)` gives its faults. Rules are XPath, as ODK reckons it.
"""

from .canonical import canonical, content_hash, kept_text, text_hash
from .faults import Fault, in_language
from .form import Form
from .questions import Choice, Question

__all__ = [
    "Choice",
    "Fault",
    "Form",
    "Question",
    "canonical",
    "compile_form",
    "compile_xlsform",
    "content_hash",
    "in_language",
    "kept_text",
    "text_hash",
]


def compile_xlsform(content: bytes) -> Form:
    """See `xlsform.compile_xlsform`; pyxform is loaded where a form is published, and nowhere else."""
    from .xlsform import compile_xlsform as compile_now

    return compile_now(content)


def compile_form(content: bytes) -> tuple[Form, str]:
    """An XLSForm, or an XForm where it is XML; and the version that an XForm declares.

    Raises the problems of `compile_xlsform` and `xform.compile_xform`.
    """
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return compile_xlsform(content), ""
    from .xform import compile_xform

    return compile_xform(content)
