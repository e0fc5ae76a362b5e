"""Forms and filled-in forms of other hands: published, accepted through the devices' door, and read back.

Those that lie in FANGXIAN_CASES (other projects' own tests), and one that is written here.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fangxian.campaigns.actions import launch_campaign
from fangxian.kernel.problems import Problem
from fangxian.submissions.actions import publish_form
from fangxian.submissions.instances import Node, read_instance
from fangxian.submissions.models import FormVersion, Submission
from fangxian.submissions.xforms import parse_form, served_form

from .conftest import Door
from .test_openrosa import code_of, send
from .town import moment

XFORM = """<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
 <h:head><h:title>Wells</h:title><model>
  <itext><translation lang="English (en)">
   <text id="/data/depth:label"><value>How deep?</value></text>
  </translation></itext>
  <instance><data id="wells" version="2.1">
   <place><name/><gps/></place><depth/><fit/>
   <tests><test><on/><name/></test></tests>
   <meta><instanceID/></meta>
  </data></instance>
  <bind nodeset="/data/place" relevant="/data/fit != 'no'"/>
  <bind nodeset="/data/place/name" type="string" required="true()"/>
  <bind nodeset="/data/place/gps" type="geopoint"/>
  <bind nodeset="/data/depth" type="decimal" constraint=". &gt; 0"/>
  <bind nodeset="/data/fit" type="string"/>
  <bind nodeset="/data/tests/test/on" type="date" required="true()"/>
 </model></h:head>
 <h:body>
  <input ref="/data/place/name"><label>Name</label></input>
  <input ref="/data/depth"><label ref="jr:itext('/data/depth:label')"/></input>
  <select1 ref="/data/fit"><label>Fit?</label>
   <item><label>Yes</label><value>yes</value></item><item><label>No</label><value>no</value></item></select1>
  <group ref="/data/tests/test"><repeat nodeset="/data/tests/test">
   <input ref="/data/tests/test/on"><label>On</label></input>
  </repeat></group>
 </h:body>
</h:html>"""
# A rule within a row that looks at what stands outside of it.
OUTSIDE = XFORM.replace('/test/on" type="date"', '/test/on" relevant="/data/fit"')
FILLED = """<data id="wells" version="2.1"><orx:meta><orx:instanceID>{id}</orx:instanceID></orx:meta>
<place><name>North</name><gps>26.2 104.1 0 0</gps></place><depth>{depth}</depth><fit>{fit}</fit>
<tests><test><on>{on}</on></test><test><on>2020-02-02</on><name>Li</name></test></tests></data>"""


def filled(identity: str, depth: str = "7.50", fit: str = "yes", on: str = "2020-02-01") -> bytes:
    return FILLED.format(id=identity, depth=depth, fit=fit, on=on).encode()


def publish(code: str, content: bytes, issuer: int) -> FormVersion:
    launch_campaign(
        code=code,
        name=code,
        name_en=code,
        issuer=issuer,
        audience=[{"kind": "units", "unit_kind": ["school"]}],
        schedule={"kind": "once"},
        opens=moment(1),
        by="test",
        now=moment(1),
    )
    return publish_form(code=code, content=content, by="test", now=moment(1))


def test_an_xform_is_published_filled_in_and_read_back(door: Door) -> None:
    version = publish("wells", XFORM.encode(), door.town.units["xw"])
    assert (version.version, version.title) == ("2.1", "Wells")
    served = parse_form(served_form(version.pk, version.sha256, listed=True).xml)
    assert "fangxian" in [str(node.tag).rpartition("}")[2] for node in served.iter()]
    assert send(door, filled("w-1"), by="s1").status == 201  # although it never declares its prefix
    assert Submission.objects.get().answers == {
        "name": "North",
        "gps": "26.2 104.1 0 0",
        "depth": 7.5,
        "fit": "yes",
        "test": [{"on": "2020-02-01"}, {"on": "2020-02-02", "name": "Li"}],
    }
    wrong = [{"depth": "-1"}, {"fit": "maybe"}, {"fit": "no"}, {"on": "soon"}]
    for at, change in enumerate(wrong):
        assert code_of(send(door, filled(f"x-{at}", **change), by="s1")) == "answers-against-form", change


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (OUTSIDE, "form-rule-unreadable"),
        ("<h:html", "form-not-converted"),
        ("<a/>", "form-not-converted"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + XFORM.partition("?>")[2].strip(), "form-not-converted"),
        (XFORM.replace('type="decimal"', 'type="teapot"'), "form-type-unsupported"),
        (XFORM.replace(". &gt; 0", "teapot(.)"), "form-function-unsupported"),
    ],
)
def test_what_is_no_form_for_us_is_refused_with_the_reason(door: Door, content: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        publish("wells", content.encode(), door.town.units["xw"])
    assert refused.value.code == code


CASES = Path(os.environ.get("FANGXIAN_CASES", "/nowhere"))
FORMS = sorted(CASES.glob("**/forms/*.xml"))
if FORMS:

    @pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
    def test_forms_of_other_hands_are_published_and_their_instances_accepted(door: Door, path: Path) -> None:
        code = path.name.split(".")[1]
        publish(code, path.read_bytes(), door.town.units["xw"])
        stored: dict[str, Any] = {}
        for found in sorted(path.parents[1].glob(f"instances/instance.{code}.*.xml")):
            instance = read_instance(found.read_bytes())
            answer = send(door, found.read_bytes(), by="s1")
            if instance.instance_id in stored:  # two of these files bear one id, with other content
                assert code_of(answer) == "instance-conflict"
                continue
            assert answer.status == 201, (found.name, answer.body.decode())
            stored[instance.instance_id] = instance
        for row in Submission.objects.all():
            assert sorted(words(row.answers)) == sorted(leaves(stored[row.instance_id].root))
        assert Submission.objects.count() == len(stored)


def leaves(node: Node) -> Iterator[str]:
    """The texts of a filled-in form, the device's own part apart."""
    if not node.children and node.text.strip():
        yield " ".join(node.text.split())
    for child in node.children:
        if child.name != "meta":
            yield from leaves(child)


def words(value: Any) -> Iterator[str]:
    """What was stored, as texts again."""
    if isinstance(value, dict):
        for answer in value.values():
            yield from words(answer)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for row in value:
            yield from words(row)
    else:
        yield " ".join(value) if isinstance(value, list) else str(value)
