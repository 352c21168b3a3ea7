"""Links: the address of an incident's page for one overseer, signed with the service's key.

    links = Links(settings.public_base_url, settings.secret_key)
    links.make_address(incident_id, delivery_id, number)     # https://…/i/12/345.Zm9v…
    links.is_signed(incident_id, delivery_id, number, signature)

The delivery is the text that brought the link: it says who was told. The number is signed with it, though it does not
stand in the address. Whoever changes SECRET_KEY ends all links.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import NamedTuple

from itsdangerous import Signer

_DIGEST = partial(hashlib.blake2s, digest_size=16)
"""128 bits: 22 signs in a text of 134."""
_TOKEN = re.compile(r"([1-9][0-9]{0,17})\.([0-9A-Za-z_-]{22})")


class Token(NamedTuple):
    """What stands in the address: which text brought it, and the signature."""

    delivery_id: int
    signature: str


class Links:
    """Makes and checks the links of this service."""

    def __init__(self, public_base_url: str, secret_key: str) -> None:
        self._base = public_base_url.rstrip("/")
        self._signer = Signer(secret_key, salt="incident-link", key_derivation="hmac", digest_method=_DIGEST)

    def make_address(self, incident_id: int, delivery_id: int, number: str) -> str:
        """The link in the text `delivery_id` to the overseer at this number."""
        signature = self._signer.get_signature(_sign(incident_id, delivery_id, number)).decode()
        return f"{self._base}/i/{incident_id}/{delivery_id}.{signature}"

    def is_signed(self, incident_id: int, number: str, token: Token) -> bool:
        """Whether the token was made by us for this incident and this number."""
        signed = _sign(incident_id, token.delivery_id, number)
        return self._signer.verify_signature(signed, token.signature)


def read_token(text: str) -> Token | None:
    """The token in an address; None for what cannot be one."""
    found = _TOKEN.fullmatch(text)
    return None if found is None else Token(int(found[1]), found[2])


def _sign(incident_id: int, delivery_id: int, number: str) -> bytes:
    return f"{incident_id}.{delivery_id}.{number}".encode()
