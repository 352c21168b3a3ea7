"""The answers against the carrier's own OpenAPI document."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import LI, OURS, WANG, Carrier
from tests.support.handsets import ROOT as PROJECT
from tests.support.handsets import Network, answers

DOCUMENT = Path(os.environ.get("TWILIO_OPENAPI") or PROJECT.parent / "shared" / "data" / "twilio_api_v2010.json")
PATHS = "/2010-04-01/Accounts/{AccountSid}"


def strict(part: Any) -> Any:
    """The document's schemas as JSON Schema: null where it is allowed, and no property that is not in it."""
    if isinstance(part, list):
        return [strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    schema = {name: strict(value) for name, value in part.items()}
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        schema["additionalProperties"] = False
        schema["required"] = sorted(schema["properties"])
    return schema


class Contract:
    def __init__(self, document: dict[str, Any]) -> None:
        self._paths = document["paths"]
        self._components = strict(document["components"])

    def holds(self, path: str, method: str, status: int, answer: Any) -> None:
        path = "/2010-04-01/Accounts/{Sid}.json" if path == ".json" else PATHS + path
        content = self._paths[path][method]["responses"][str(status)]["content"]["application/json"]
        schema = strict(content["schema"]) | {"components": self._components}
        jsonschema.Draft202012Validator(schema).validate(answer)


def test_every_answer_is_as_the_carriers_document_says(
    carrier: Carrier, network: Network, application: Application
) -> None:
    if not DOCUMENT.exists():
        pytest.skip(f"the carrier's OpenAPI document is not at hand ({DOCUMENT}): answers were not compared with it")
    contract = Contract(json.loads(DOCUMENT.read_text()))
    application.says("/voice", "<Say>Hello</Say>")
    network.handset(WANG).script(answers())
    network.handset(LI).script(texts={"do": "undelivered"})
    network.handset(WANG).dial()
    network.handset(WANG).wait_for_own_call("completed")
    network.handset(WANG).text("9")

    created = carrier.post("/Calls.json", To=WANG, From=OURS, Twiml="<Response><Pause length='900'/></Response>")
    contract.holds("/Calls.json", "post", created.status_code, created.json())
    network.handset(WANG).wait_for_call("in-progress")
    contract.holds("/Calls/{Sid}.json", "get", 200, carrier.fetch(created.json()))
    contract.holds("/Calls/{Sid}.json", "post", 200, carrier.update(created.json(), Status="completed").json())
    contract.holds("/Calls.json", "get", 200, carrier.get("/Calls.json", PageSize="1").json())
    contract.holds("/Calls.json", "get", 200, carrier.get("/Calls.json").json())

    sent = carrier.post("/Messages.json", To=LI, From=OURS, Body="x", StatusCallback=application.url("/status"))
    contract.holds("/Messages.json", "post", sent.status_code, sent.json())
    application.wait_for("/status", 2)
    failed = carrier.fetch(sent.json())
    assert failed["error_code"] == 30003
    contract.holds("/Messages/{Sid}.json", "get", 200, failed)
    contract.holds("/Messages/{Sid}.json", "post", 200, carrier.update(sent.json(), Body="").json())
    contract.holds("/Messages.json", "get", 200, carrier.get("/Messages.json").json())
    account = carrier.get_account()
    contract.holds(".json", "get", 200, account)
    numbers = carrier.get("/IncomingPhoneNumbers.json").json()
    contract.holds("/IncomingPhoneNumbers.json", "get", 200, numbers)
    one = f"/IncomingPhoneNumbers/{numbers['incoming_phone_numbers'][0]['sid']}.json"
    contract.holds("/IncomingPhoneNumbers/{Sid}.json", "get", 200, carrier.get(one).json())
    with pytest.raises(jsonschema.ValidationError):
        contract.holds("/Messages.json", "post", 201, sent.json() | {"status": "lost"})
