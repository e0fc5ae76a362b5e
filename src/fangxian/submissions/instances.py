"""Filled-in forms as ODK writes them (XML) become entries as the JSON door has them.

Read with expat, as a stream: no document type, no entities, no deeper than a form can be. Prefixes are not
resolved: devices send some that they never declare.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from .envelopes import File, Sender
from .forms import Form, Question
from .forms.questions import written
from .instance_problems import InstanceIdMissing, InstanceUnreadable
from .intake import published_form
from .intake_problems import SubjectMissing, UnknownFormVersion
from .known import Known
from .models import SUBJECT_KINDS

DEPTH, NODES = 64, 20_000
OURS = "fangxian"  # the group that we add to a form: about whom, and when it happened
APART = {"meta", OURS}


@dataclass(slots=True)
class Node:
    name: str
    attributes: dict[str, str]
    children: list["Node"] = field(default_factory=list)
    text: str = ""

    def child(self, name: str) -> "Node | None":
        return next((node for node in self.children if node.name == name), None)

    def word(self, *path: str) -> str:
        """The text at the end of a path of names; empty where there is none."""
        node: Node | None = self
        for name in path:
            node = node.child(name) if node else None
        return node.text.strip() if node else ""


@dataclass(frozen=True, slots=True)
class Instance:
    """One filled-in form. `form` and `version` are what its root says."""

    form: str
    version: str
    instance_id: str
    root: Node
    files: tuple[File, ...] = ()

    @property
    def subject(self) -> tuple[str, str]:
        kind, _colon, key = self.root.word(OURS, "subject").partition(":")
        return kind, key


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.open: list[Node] = []
        self.root: Node | None = None
        self.count = 0

    def refuse(self, *_: Any) -> None:
        raise InstanceUnreadable(reason="it declares a document type or entities")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) >= DEPTH or self.count > NODES:
            raise InstanceUnreadable(reason="it is nested too deep, or has too many elements")
        node = Node(_local(name), {_local(key): value for key, value in attributes.items()})
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, _name: str) -> None:
        self.open.pop()

    def text(self, text: str) -> None:
        self.open[-1].text += text


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def read_instance(content: bytes, files: Sequence[File] = ()) -> Instance:
    """Raises InstanceUnreadable, InstanceIdMissing."""
    reader = _Reader()
    try:
        reader.parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InstanceUnreadable(reason=str(error)[:200]) from error
    root = reader.root
    assert root is not None
    form, version = root.attributes.get("id", ""), root.attributes.get("version", "")
    instance = root.word("meta", "instanceID")
    if not form:
        raise InstanceUnreadable(reason="its root does not name a form (id)")
    if not instance or len(instance) > 64:
        raise InstanceIdMissing()
    return Instance(form[:40], version[:40], instance, root, tuple(files))


def entry_of(instance: Instance, known: Known, sender: Sender) -> dict[str, Any]:
    """As the JSON door would have it, answers by type. Raises UnknownFormVersion, SubjectMissing."""
    entry = {
        "campaign": instance.form,
        "instance_id": instance.instance_id,
        "files": instance.files,
        "happened": instance.root.word(OURS, "happened") or None,
        "supersedes": instance.root.word("meta", "deprecatedID") or None,
    }
    terms = known.terms(instance.form)
    if terms is None:
        return entry  # which `read_envelope` refuses by name
    version = instance.version
    if not version and len(terms.versions) == 1:
        version = next(iter(terms.versions))
    if version not in terms.versions:
        raise UnknownFormVersion(campaign=instance.form, version=instance.version or "—")
    form = published_form(*terms.versions[version])
    subject = _subject(instance, known, sender)
    return entry | {"version": version, "subject": subject, "answers": answers_of(form, instance.root)}


def _subject(instance: Instance, known: Known, sender: Sender) -> dict[str, Any]:
    kind, key = instance.subject
    if kind in SUBJECT_KINDS and key:
        return {kind: key}
    if kind or sender.unit is None:
        raise SubjectMissing()
    return {"unit": known.code(sender.unit)}


# ---------------------------------------------------------------------------------------------- answers


def answers_of(form: Form, root: Node) -> dict[str, Any]:
    """Question -> answer, by type. What the form does not know is passed on by its name, to be refused."""
    return _collected(form.questions, set(form.groups), root)


def _collected(questions: Sequence[Question], groups: set[str], node: Node) -> dict[str, Any]:
    """The answers of the form, or of one row of a repeat: the rows of each repeat become a list."""
    found: dict[str, Any] = {}
    for question, name, value in _answers(node, (), {_path(q): q for q in questions}, groups):
        if question is not None and question.type == "repeat":
            row = _collected(question.children, groups, value)
            found[name] = [*found.get(name, ()), *([row] if row else ())]
        else:
            found[name] = value
    return {name: value for name, value in found.items() if value != []}


def _path(question: Question) -> tuple[str, ...]:
    """The elements in which the answer stands; where names come twice, full ones have their groups before."""
    before = "".join(f"{group}." for group in question.groups)
    short = question.name.removeprefix(before) if question.name.startswith(before) else question.name
    return (*question.groups, short)


def _answers(
    node: Node, path: tuple[str, ...], questions: dict[tuple[str, ...], Question], groups: set[str]
) -> Iterator[tuple[Question | None, str, Any]]:
    for child in node.children:
        if not path and child.name in APART:
            continue
        here = (*path, child.name)
        question = questions.get(here)
        if question is None and (child.children or child.name in groups):
            yield from _answers(child, here, questions, groups)
        elif question is not None and question.type == "repeat":
            yield question, question.name, child
        elif question is None and child.text.strip():
            yield None, ".".join(here), child.text
        elif question is not None and question.asked and child.text.strip():
            yield question, question.name, written(question.type, child.text)
