"""Compiles an XForm as other programs publish it (XML) to the same questions as an XLSForm.

Read without entities and network. The questions are the leaves of the primary instance, in order; each has
its bind (type and rules) and its control in the body (label, choices). A repeat is a question whose answer is
a list of rows; within it rules see the row alone.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lxml import etree

from ..problems import FormNotConverted, FormTypeUnsupported
from .faults import Texts
from .form import Form
from .questions import Choice, Question, default_class
from .xlsform import BINDS, CONTROLS, with_rules

XFORMS = "{http://www.w3.org/2002/xforms}"
ROSA = "{http://openrosa.org/javarosa}"
INPUTS = {"input", "select", "select1", "upload", "trigger", "range"}

Element = Any  # of lxml, which has no types


def compile_xform(content: bytes) -> tuple[Form, str]:
    """A form from the bytes of an XForm, and the version that it declares (often none).

    Raises FormNotConverted, FormTypeUnsupported, FormFunctionUnsupported, FormRuleUnreadable.
    """
    root = _read(content)
    model = root.find(f".//{XFORMS}model")
    instance = None if model is None else model.find(f"{XFORMS}instance")
    data = None if instance is None else next((node for node in instance if _is_element(node)), None)
    if model is None or data is None or not data.get("id"):
        raise FormNotConverted(reason="It has no model with a primary instance that names the form (id).")
    return _Reader(root, model, data).form(), _plain(data.attrib).get("version", "")


def _read(content: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(content.strip(), parser)
    except etree.XMLSyntaxError as error:
        raise FormNotConverted(reason=f"{error}.") from error
    if root.getroottree().docinfo.doctype:
        raise FormNotConverted(reason="It declares a document type.")
    return root


def _is_element(node: object) -> bool:
    return isinstance(getattr(node, "tag", None), str)


def _local(node: Element) -> str:
    return str(etree.QName(node).localname)


def _plain(attributes: Any) -> dict[str, str]:
    return {str(etree.QName(name).localname): str(value) for name, value in attributes.items()}


class _Reader:
    def __init__(self, root: Element, model: Element, data: Element) -> None:
        self.root, self.data = root, data
        self.binds = {bind.get("nodeset", ""): bind for bind in model.iter(f"{XFORMS}bind")}
        body = [node for node in root.iter() if _is_element(node)]
        self.controls = {node.get("ref", ""): node for node in body if _local(node) in INPUTS}
        self.repeats = {node.get("nodeset", "") for node in body if _local(node) == "repeat"}
        self.texts = dict(self._itext(model))

    def form(self) -> Form:
        questions = self._questions(self.data, f"/{_local(self.data)}")
        if not questions:
            raise FormNotConverted(reason="It asks nothing.")
        title = self.root.findtext(".//{http://www.w3.org/1999/xhtml}title") or self.data.get("id", "")
        groups: dict[str, Texts] = {group: {} for question in questions for group in question.groups}
        text = etree.tostring(self.root, encoding="unicode")
        return Form(title.strip(), str(self.data.get("id")), questions, groups, text)

    def _questions(self, node: Element, path: str) -> tuple[Question, ...]:
        """Of the form, or of one row of a repeat. Groups' names are put before where one comes twice."""
        drafts = list(self._walk(node, path, ()))
        count = Counter(draft.name for draft in drafts)
        full = [
            replace(draft, name=".".join((*draft.groups, draft.name))) if count[draft.name] > 1 else draft
            for draft in drafts
        ]
        names = {question.name: question.name for question in full}
        return tuple(with_rules(question, names) for question in full)

    def _walk(self, node: Element, path: str, groups: tuple[str, ...]) -> Iterator[Question]:
        seen: set[str] = set()  # a repeat's rows: its template, and those that the form begins with
        for child in node:
            if not _is_element(child) or _local(child) in seen or (not groups and _local(child) == "meta"):
                continue
            name, here = _local(child), f"{path}/{_local(child)}"
            seen.add(name)
            if here in self.repeats:
                yield self._repeat(child, name, here, groups)
            elif any(_is_element(below) for below in child):
                yield from self._walk(child, here, (*groups, name))
            else:
                yield self._question(child, name, here, groups)

    def _repeat(self, node: Element, name: str, path: str, groups: tuple[str, ...]) -> Question:
        return Question(
            name=name,
            type="repeat",
            field_class=default_class("repeat"),
            relevant=self._relevant(path, groups),
            groups=groups,
            row=node.sourceline or 0,
            children=self._questions(node, path),
        )

    def _question(self, node: Element, name: str, path: str, groups: tuple[str, ...]) -> Question:
        given = self.binds.get(path)
        bind = {} if given is None else _plain(given.attrib)
        control = self.controls.get(path)
        type = self._type(bind, control, name, node.sourceline or 0)
        required = bind.get("required", "").strip()
        return Question(
            name=name,
            type=type,
            field_class=default_class(type),
            label=self._label(control),
            required=required if required not in ("", "true()", "false()") else required == "true()",
            choices=tuple(self._choices(control)),
            constraint=bind.get("constraint", ""),
            relevant=self._relevant(path, groups),
            # What a device fills in by itself (its clock, an id) is taken as given.
            calculate="" if "preload" in bind else bind.get("calculate", ""),
            groups=groups,
            row=node.sourceline or 0,
        )

    def _relevant(self, path: str, groups: tuple[str, ...]) -> tuple[str, ...]:
        """Its own rule, after those of the groups around it."""
        steps = path.split("/")
        around = [self.binds.get("/".join(steps[: len(steps) - up])) for up in range(len(groups), -1, -1)]
        return tuple(bind.get("relevant") for bind in around if bind is not None and bind.get("relevant"))

    def _type(self, bind: dict[str, str], control: Element | None, name: str, row: int) -> str:
        kind = "" if control is None else _local(control)
        declared = bind.get("type", "string").rpartition(":")[2]
        if kind in CONTROLS:
            return CONTROLS[kind]
        if kind == "" and "calculate" in bind and "preload" not in bind:
            return "calculate"
        if declared in ("select", "select1"):
            return CONTROLS[declared]
        if declared not in BINDS:
            raise FormTypeUnsupported(row=row, question=name, type=declared)
        return "file" if kind == "upload" else BINDS[declared]

    def _choices(self, control: Element | None) -> Iterator[Choice]:
        for item in () if control is None else control.iter(f"{XFORMS}item"):
            yield Choice((item.findtext(f"{XFORMS}value") or "").strip(), self._label(item))

    def _label(self, node: Element | None) -> Texts:
        label = None if node is None else node.find(f"{XFORMS}label")
        if label is None:
            return {}
        key = label.get("ref", "").removeprefix("jr:itext('").removesuffix("')")
        if key:
            return self.texts.get(key, {})
        text = " ".join("".join(label.itertext()).split())
        return {"": text} if text else {}

    @staticmethod
    def _itext(model: Element) -> Iterator[tuple[str, Texts]]:
        found: dict[str, Texts] = {}
        for translation in model.iter(f"{XFORMS}translation"):
            language = translation.get("lang", "")
            code = language.rpartition("(")[2].rstrip(")") if "(" in language else language
            for text in translation.iter(f"{XFORMS}text"):
                plain = [v for v in text.iter(f"{XFORMS}value") if not v.get("form")]
                if plain:
                    found.setdefault(text.get("id", ""), {})[code] = "".join(plain[0].itertext()).strip()
        yield from found.items()
