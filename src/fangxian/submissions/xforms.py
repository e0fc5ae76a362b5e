"""The form as devices get it: the published XForm under the campaign's code and our version, with a group of
our own put first: about whom it is, from a list that comes beside it, and when it was filled in."""

from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from .instances import OURS
from .models import FormVersion

XFORMS = "http://www.w3.org/2002/xforms"
XHTML = "http://www.w3.org/1999/xhtml"
ROSA = "http://openrosa.org/javarosa"
SUBJECTS = "subjects.csv"
LABELS = {"subject": "为谁填报（About whom）", "group": "对象（Subject）"}


@dataclass(frozen=True, slots=True)
class Served:
    xml: bytes
    title: str


def parse_form(content: bytes) -> etree._Element:
    """A published form. Raises etree.XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    return etree.fromstring(content, parser)


@lru_cache(maxsize=256)
def served_form(version_id: int, sha256: str, *, listed: bool) -> Served:
    """`listed`: it is about one of a list; otherwise about the sender's own unit."""
    version = FormVersion.objects.get(pk=version_id, sha256=sha256)
    return Served(as_served(version.xform, version.form, version.version, listed=listed), version.title)


def as_served(xform: str, code: str, version: str, *, listed: bool) -> bytes:
    root = parse_form(xform.encode())
    instance = _primary(root)
    for name in [name for name in instance.attrib if etree.QName(name).localname == "version"]:
        del instance.attrib[name]
    instance.set("id", code)
    instance.set("version", version)
    _add_group(root, instance, listed)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _primary(root: etree._Element) -> etree._Element:
    found = root.find(f".//{{{XFORMS}}}model/{{{XFORMS}}}instance")
    assert found is not None
    return next(node for node in found if isinstance(node.tag, str))


def _add_group(root: etree._Element, instance: etree._Element, listed: bool) -> None:
    space = etree.QName(instance).namespace or ""
    name = etree.QName(instance).localname
    model = root.find(f".//{{{XFORMS}}}model")
    assert model is not None
    group = etree.Element(f"{{{space}}}{OURS}" if space else OURS)
    instance.insert(0, group)
    for part in ("subject", "happened") if listed else ("happened",):
        etree.SubElement(group, f"{{{space}}}{part}" if space else part)
    after = list(model).index(instance.getparent()) + 1
    happened = _bind(f"/{name}/{OURS}/happened", type="dateTime")
    happened.set(f"{{{ROSA}}}preload", "timestamp")
    happened.set(f"{{{ROSA}}}preloadParams", "end")
    model.append(happened)
    if listed:
        source = etree.Element(f"{{{XFORMS}}}instance", id="subjects", src=f"jr://file-csv/{SUBJECTS}")
        model.insert(after, source)
        model.append(_bind(f"/{name}/{OURS}/subject", type="string", required="true()"))
        body = next((node for node in root if etree.QName(node).localname == "body"), None)
        if body is None:
            body = etree.SubElement(root, f"{{{XHTML}}}body")
        body.insert(0, _question(f"/{name}/{OURS}"))


def _bind(nodeset: str, **more: str) -> etree._Element:
    return etree.Element(f"{{{XFORMS}}}bind", nodeset=nodeset, **more)


def _question(group: str) -> etree._Element:
    box = etree.Element(f"{{{XFORMS}}}group", ref=group)
    etree.SubElement(box, f"{{{XFORMS}}}label").text = LABELS["group"]
    one = etree.SubElement(
        box, f"{{{XFORMS}}}select1", ref=f"{group}/subject", appearance="minimal autocomplete"
    )
    etree.SubElement(one, f"{{{XFORMS}}}label").text = LABELS["subject"]
    items = etree.SubElement(one, f"{{{XFORMS}}}itemset", nodeset="instance('subjects')/root/item")
    etree.SubElement(items, f"{{{XFORMS}}}value", ref="name")
    etree.SubElement(items, f"{{{XFORMS}}}label", ref="label")
    return box
