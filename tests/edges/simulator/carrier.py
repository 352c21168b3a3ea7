"""The REST API as any program without an SDK would use it."""

from __future__ import annotations

from typing import Any

import requests

ACCOUNT_SID = "AC" + "0a1b2c3d" * 4
AUTH_TOKEN = "a token for tests"
OURS = "+8657488889999"
SECOND = "+8657488889998"
WANG = "+8613805740001"
LI = "+8613805740002"
CHEN = "+8613805740003"
ROOT = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


class Carrier:
    """Plain requests to the API of a network."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.patience = 30.0
        self._session = requests.Session()
        self._session.trust_env = False
        self.authorise(ACCOUNT_SID, AUTH_TOKEN)

    def authorise(self, account_sid: str, auth_token: str) -> None:
        self._session.auth = (account_sid, auth_token)

    def post(self, path: str, **form: Any) -> requests.Response:
        return self._session.post(self.url + ROOT + path, data=form, timeout=self.patience)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self._session.get(self.url + ROOT + path, params=query, timeout=self.patience)

    def get_account(self) -> dict[str, Any]:
        """The account itself."""
        response = self.get(".json")
        assert response.status_code == 200, response.text
        return dict(response.json())

    def delete(self, resource: dict[str, Any]) -> requests.Response:
        return self._session.delete(self.url + resource["uri"], timeout=self.patience)

    def call(self, to: str, twiml: str = "<Say>Hello</Say>", **form: Any) -> dict[str, Any]:
        """Place a call that says this, and fail the test if it is not taken."""
        form = {"From": OURS} | ({} if "Url" in form else {"Twiml": f"<Response>{twiml}</Response>"}) | form
        return self._taken(self.post("/Calls.json", To=to, **form))

    def text(self, to: str, body: str = "你好", **form: Any) -> dict[str, Any]:
        """Send a text, and fail the test if it is not taken."""
        return self._taken(self.post("/Messages.json", To=to, Body=body, **({"From": OURS} | form)))

    def fetch(self, resource: dict[str, Any]) -> dict[str, Any]:
        """The resource as it is now."""
        response = self._session.get(self.url + resource["uri"], timeout=self.patience)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def update(self, resource: dict[str, Any], **form: Any) -> requests.Response:
        return self._session.post(self.url + resource["uri"], data=form, timeout=self.patience)

    @staticmethod
    def _taken(response: requests.Response) -> dict[str, Any]:
        assert response.status_code == 201, response.text
        return dict(response.json())


def refusal(response: requests.Response) -> tuple[int, int]:
    """HTTP status and code of an error answer, whose shape is checked."""
    answer = response.json()
    assert set(answer) == {"code", "message", "more_info", "status"}
    assert answer["status"] == response.status_code
    assert answer["message"]
    assert answer["more_info"] == f"https://www.twilio.com/docs/errors/{answer['code']}"
    return response.status_code, answer["code"]
