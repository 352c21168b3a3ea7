"""The simulator's control API, as the demo needs it: script handsets, dial, and read what the carrier was asked.

The roster as the simulator's page wants it: whose handsets these are. Plain SQL, for the same reason as `scene`.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from config.database import Database


class Handsets:
    """The simulated handsets behind an address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def script(self, number: str, script: Mapping[str, object]) -> None:
        """What whoever holds this handset does when it rings."""
        self._ask("PUT", f"/sim/handsets/{number}", script)

    def dial(self, number: str, keys: str) -> str:
        """Call the service from this handset and press these keys once it answers. The call's sid.

        It is put down first: in a town where an alarm is still open it may be ringing.
        """
        with suppress(urllib.error.HTTPError):
            self._ask("POST", f"/sim/handsets/{number}/hangup")
        press = [{"after": 0.5, "digits": keys}]
        return str(self._ask("POST", f"/sim/handsets/{number}/dial", {"press": press, "hang_up_after": 20})["call_sid"])

    def put_phone_book(self, book: Mapping[str, object]) -> None:
        """Tell the simulator's page whose handsets these are."""
        self._ask("PUT", "/sim/phone-book", book)

    def requests(self, since: float) -> list[dict[str, Any]]:
        """What the carrier was asked since then (epoch seconds): at, kind (call, message), to, sid, status."""
        found: list[dict[str, Any]] = self._ask("GET", f"/sim/requests?since={since}")
        return found

    def find_keypress(self, call_sid: str) -> float | None:
        """When the carrier passed the pressed keys of a call on to us; None while it has not."""
        webhooks = self._ask("GET", f"/sim/webhooks?sid={call_sid}")
        pressed = [entry["at"] for entry in webhooks if entry["params"].get("Digits")]
        return float(pressed[-1]) if pressed else None

    def _ask(self, method: str, path: str, given: Mapping[str, object] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the simulator's own loopback address
            self.address + urllib.parse.quote(path, safe="/?=&"),
            data=None if given is None else json.dumps(given).encode(),
            method=method,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)


SECONDS_BETWEEN_LOOKS = 5.0
PhoneBook = dict[str, list[dict[str, Any]]]
"""What joint_defense/simulator/phone_book.py reads."""

# A leader or deputy from another group is rung with this one, and so stands in both.
_PHONES = """
SELECT v.id AS village_id, v.code, v.name AS village, v.name_en, g.id AS group_id, g.name AS group_name,
       h.id AS household_id, h.head, h.door, h.landmark, p.number, p.kind, g.leader_id, g.deputy_id
FROM groups g JOIN villages v ON v.id = g.village_id
LEFT JOIN households h ON (h.group_id = g.id OR h.id = g.leader_id OR h.id = g.deputy_id) AND h.archived_at IS NULL
LEFT JOIN phones p ON p.household_id = h.id AND p.archived_at IS NULL
WHERE g.archived_at IS NULL AND v.archived_at IS NULL
ORDER BY v.code, v.id, g.position, g.id, CASE WHEN h.group_id = g.id THEN 0 ELSE 1 END, h.position, h.id, p.rank
"""
_GROUPS_BEFORE = """
SELECT count(*) FROM groups g JOIN groups mine ON mine.village_id = g.village_id
WHERE mine.id = :group_id AND g.archived_at IS NULL
  AND (g.position < mine.position OR (g.position = mine.position AND g.id <= mine.id))
"""


def make_phone_book(session: Session) -> PhoneBook:
    """Every village with its groups and their telephones, in the roster's order."""
    villages: dict[int, dict[str, Any]] = {}
    groups: dict[int, dict[str, Any]] = {}
    for row in session.execute(text(_PHONES)):
        village = villages.get(row.village_id)
        if village is None:
            named = {"code": row.code, "name": row.village, "name_en": row.name_en or row.village}
            village = villages[row.village_id] = {**named, "groups": []}
        group = groups.get(row.group_id)
        if group is None:
            group = groups[row.group_id] = {"name": row.group_name, "phones": []}
            village["groups"].append(group)
        if row.number is not None:
            role = {row.leader_id: "leader", row.deputy_id: "deputy"}.get(row.household_id, "")
            place = row.landmark or row.door
            phone = {"number": row.number, "household": f"{row.head}家", "place": place, "kind": row.kind, "role": role}
            group["phones"].append(phone)
    return {"villages": list(villages.values())}


class Roster:
    """Keeps the simulator's page up with the roster: whoever changes a number sees the new handset stand there."""

    def __init__(self, database: Database, handsets: Handsets) -> None:
        self._database = database
        self._handsets = handsets
        self._told: PhoneBook | None = None
        self._next_look = 0.0

    def tell(self) -> None:
        """Hand the roster over, if it is not what was handed over before."""
        with self._database.begin(reads=True) as session:
            book = make_phone_book(session)
        if book != self._told:
            self._handsets.put_phone_book(book)
            self._told = book

    def tell_if_changed(self, now: float, *, forgotten: bool = False) -> None:
        """`tell`, at most every few seconds; `now` is a steady clock's. `forgotten`: the simulator was started anew."""
        if forgotten:
            self._told = None
        if now >= self._next_look:
            self._next_look = now + SECONDS_BETWEEN_LOOKS
            # A simulator that is only just starting is told the next time.
            with suppress(OSError):
                self.tell()


def find_place_of_group(session: Session, group_id: int) -> int:
    """Which of its village's groups this is, in that order, from 1."""
    return int(session.execute(text(_GROUPS_BEFORE), {"group_id": group_id}).scalar_one())
