"""The OpenAPI document is complete, and nothing that it lets a program send makes the server fail."""

import http.client
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from fangxian.web.doors import api, devices

from .conftest import admit
from .served import Served, installed
from .town import basic, moment


@pytest.fixture
def fetch(town: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(api, "now", lambda: moment(10, 9))
    monkeypatch.setattr(devices, "now", lambda: moment(10, 9))
    monkeypatch.setattr(api.who, "admit", admit)
    return lambda path, by="k1": Client().get(
        path, headers={"Authorization": basic(by), "Accept-Language": "en"}
    )


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


@pytest.mark.django_db
def test_the_document_names_every_route_and_nothing_that_is_not_there() -> None:
    document = Client().get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/api/submissions",
        "/api/campaigns",
        "/api/campaigns/{code}/form",
        "/api/campaigns/{code}/subjects",
        "/api/campaigns/{code}/sheet.xlsx",
        "/api/campaigns/{code}/chain",
        "/api/sheets",
    }
    for reference in references(document):
        part: Any = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    submit = document["paths"]["/api/submissions"]["post"]
    assert {"200", "201", "401", "409", "413", "422", "503"} <= set(submit["responses"])
    assert set(document["components"]["securitySchemes"]) == {"device", "password"}


def test_what_is_due_and_its_form_and_subjects(fetch: Any, town: Any) -> None:
    assert [row["campaign"] for row in fetch("/api/campaigns").json()] == ["morning", "screening"]
    form = fetch("/api/campaigns/morning/form").json()
    assert [q["name"] for q in form["questions"]][:3] == ["state", "temperature", "symptoms"]
    assert form["questions"][0]["choices"][0] == {"code": "here", "label": "在校"}
    subjects = fetch("/api/campaigns/morning/subjects").json()
    assert (subjects[0]["key"], len(subjects)) == (str(town.pupils[0]), 12)
    assert fetch("/api/campaigns/morning/subjects", by="s2").json() == []
    gone = fetch("/api/campaigns/nowhere/form")
    assert (gone.status_code, gone.json()["code"]) == (404, "no-such-form")
    assert gone["Content-Type"] == "application/problem+json"
    assert Client().get("/api/campaigns").status_code == 401


def test_no_door_answers_a_stranger(fetch: Any) -> None:
    """Every route that is fetched, JSON's and the devices'; those that take submissions: see test_api."""
    document = Client().get("/api/openapi.json").json()
    routes = [(path, method) for path, told in document["paths"].items() for method in told]
    routes += [(f"/openrosa/{pattern.pattern}", "get") for pattern in devices.urlpatterns]
    assert len(routes) == 15
    for path, method in routes:
        if path != api.PATH:
            address = re.sub("{code}|<str:code>", "morning", path).replace("<str:version>", "1")
            body = {"data": '{"text": ""}', "content_type": "application/json"} if method == "post" else {}
            told = getattr(Client(), method)(address.replace("<str:token>", "stranger"), **body)
            assert told.status_code == 401, path
            assert told["WWW-Authenticate"].startswith("Basic")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with installed(tmp_path_factory.mktemp("document") / "home", pupils=50) as made:
        made.start()
        yield made


@pytest.mark.django_db
def test_pages_are_posted_to_beside_the_doors(served: Served) -> None:
    """Django reads the body of a request through the mount, as a real server gives it."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    headers = {"Content-Type": "application/json", "Authorization": basic("k1", "demonstration")}
    connection.request(
        "POST", "/api/campaigns/morning/chain", '{"text": "1. 学生3 36.5 在校"}'.encode(), headers
    )
    response = connection.getresponse()
    assert response.status == 200
    assert [proposal["sure"] for proposal in json.loads(response.read())] == [True]


@pytest.mark.django_db
def test_whatever_the_document_allows_never_makes_the_server_fail(served: Served, tmp_path: Path) -> None:
    """Schemathesis, bounded in time: every answer is documented, and none is the server's fault."""
    said = served.run(
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        f"http://127.0.0.1:{served.port}/api/openapi.json",
        "--auth=xw:demonstration",
        "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--exclude-operation-id=sheet_back",  # it cannot write workbooks; test_sheets can
        "--phases=examples,coverage,fuzzing",
        "--max-examples=60",
        "--max-time=12",
        "--generation-deterministic",
        "--request-timeout=10",
        "--no-color",
    )
    assert "No issues found" in said or "passed" in said, said[-3000:]
    sys.stdout.write("\n" + "\n".join(said.splitlines()[-8:]) + "\n")
