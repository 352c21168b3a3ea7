"""What the last release has written is read by this one: a database of it, with data in it, is brought up to date."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from tests.contracts.conftest import Upgrade

INCIDENT = {
    "id": 1,
    "kind": "alarm",
    "village_id": 1,
    "village_name": "墙下陶村",
    "group_id": 1,
    "group_name": "3组",
    "category": "unspecified",
    "opened_at": "2026-11-23 13:07:00+00:00",
}
DELIVERY = {
    "incident_id": 1,
    "channel": "call",
    "purpose": "alarm",
    "occasion": 0,
    "household_id": 7,
    "household_name": "王建国家",
    "phone_id": 9,
    "number": "+8613805000001",
    "language": "zh",
    "role": "member",
    "phone_rank": 1,
    "urgency": 0,
    "distance": 1,
    "state": "reached",
    "due_at": "2026-11-23 13:07:00+00:00",
    "attempt_count": 1,
    "look_up_first": False,
    "unwanted": False,
}


def insert(connection: Connection, table: str, **values: Any) -> None:
    names = ", ".join(values)
    connection.execute(
        text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)})"), values
    )


def test_what_told_deliveries_apart_has_columns_of_its_own(upgrade: Upgrade) -> None:
    occasions = [
        ("alarm", 0, (0, 0, 0, "none")),
        ("alarm", 2, (2, 0, 0, "none")),
        ("widening", 0, (0, 0, 0, "none")),
        ("widening", 1, (1, 0, 0, "none")),
        ("widening", 1003, (0, 3, 0, "none")),
        ("redial", 2, (2, 0, 0, "none")),
        ("second_voice", 17, (0, 0, 17, "none")),
        ("wordless", 0, (0, 0, 0, "none")),
        ("all_clear", 0, (0, 0, 0, "none")),
        ("news", 1, (0, 0, 0, "first")),
        ("news", 3, (0, 0, 0, "third")),
        ("news", 1000, (0, 0, 0, "last")),
        ("news", 1060, (0, 0, 0, "nobody")),
        ("news", 2002, (0, 2, 0, "step")),
    ]

    def fill(connection: Connection) -> None:
        insert(connection, "incidents", **INCIDENT)
        for number, (purpose, occasion, _) in enumerate(occasions, start=1):
            insert(connection, "deliveries", **DELIVERY | {"id": number, "purpose": purpose, "occasion": occasion})

    with upgrade(fill).begin() as session:
        rows = session.execute(text("SELECT round, step, alert_id, milestone FROM deliveries ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [expected for _, _, expected in occasions]


def test_two_attempts_that_hold_one_call_are_told_apart_and_nothing_waits_for_ever(upgrade: Upgrade) -> None:
    """As an earlier release could leave them: a look-up had taken another's call for its own."""

    def fill(connection: Connection) -> None:
        insert(connection, "incidents", **INCIDENT)
        for number, sid in enumerate(("CA-same", "CA-same", "CA-own"), start=1):
            placed = {"id": number, "state": "placed", "occasion": number}
            insert(connection, "deliveries", **DELIVERY | placed)
            attempt = {"number": 1, "state": "ringing", "sid": sid, "requested_at": "2026-11-23 13:07:00+00:00"}
            insert(connection, "attempts", delivery_id=number, **attempt)

    with upgrade(fill).begin() as session:
        sids = session.execute(text("SELECT delivery_id, sid FROM attempts ORDER BY delivery_id")).all()
        states = session.execute(text("SELECT state FROM deliveries ORDER BY id")).scalars().all()
    assert [tuple(each) for each in sids] == [(1, "CA-same"), (2, None), (3, "CA-own")]
    assert states == ["placed", "unreached", "placed"]


def _note_home(connection: Connection, row: int, changed_on: str) -> None:
    at = f"{changed_on} 01:00:00+00:00"
    connection.execute(
        text(
            'INSERT INTO changes (batch, changed_at, changed_on, changed_by, source, action, "table", row_id, after)'
            f" VALUES ('{row}', '{at}', '{changed_on}', '林联络', 'page', 'enrol', 'residences', {row}, '{{}}')"
        )
    )


def test_every_day_of_a_subscription_gets_a_home_and_the_home_says_the_village(upgrade: Upgrade) -> None:
    stays = [
        # Household 1 moved on 10 January; 2 was archived and came back; 3 has no home on record; 4 has left.
        (1, 1, 1, "2028-01-05", "2028-01-10"),
        (1, 2, None, "2028-01-10", None),
        (2, 1, 1, "2028-01-01", "2028-01-10"),
        (2, 1, 1, "2028-01-13", None),
        (4, 2, None, "2028-01-01", "2028-01-08"),
    ]
    paid = [
        (1, 2, "2028-01-01", None),
        (2, 1, "2028-01-02", None),
        (3, 1, "2028-01-03", "2028-01-20"),
        (4, 2, "2028-01-02", "2028-01-09"),
    ]

    def fill(connection: Connection) -> None:
        for village in (1, 2):
            insert(connection, "villages", id=village, code=f"V{village}", name=f"{village}村", kind="village")
        insert(connection, "groups", id=1, village_id=1, name="1组", position=1)
        for number in (1, 2, 3, 4):
            insert(connection, "households", id=number, village_id=1, head="王", door="", position=1, silent=False)
        names = ("household_id", "village_id", "group_id", "starts_on", "ends_on")
        for stay in stays:
            insert(connection, "residences", **dict(zip(names, stay, strict=True)))
        for household, village, starts_on, ends_on in paid:
            days = {"starts_on": starts_on, "ends_on": ends_on}
            insert(connection, "subscriptions", household_id=household, village_id=village, plan="键", **days)
        # The record tells of a home on the day from which it holds; of the last one only later: it was supposed.
        for row, changed_on in ((2, "2028-01-10"), (5, "2028-01-06")):
            _note_home(connection, row, changed_on)

    with upgrade(fill).begin() as session:
        assert session.scalars(text("SELECT id FROM residences WHERE supposed")).all() == [5]
        rows = session.execute(
            text("SELECT household_id, village_id, group_id, starts_on, ends_on FROM residences ORDER BY 1, 4")
        )
        homes = [(*row[:3], str(row[3]), None if row[4] is None else str(row[4])) for row in rows]
        # A town that had households is asked for checks from the day of the upgrade on.
        begin = session.execute(text("SELECT id, begin_on FROM checks_begin")).one()
    assert (begin[0], str(begin[1]) > "2026-11-01") == (1, True)
    assert homes == [
        (1, 1, None, "2028-01-01", "2028-01-05"),
        *stays[:3],
        (2, 1, 1, "2028-01-10", "2028-01-13"),
        stays[3],
        (3, 1, None, "2028-01-03", "2028-01-20"),
        stays[4],
        (4, 2, None, "2028-01-08", "2028-01-09"),
    ]


def test_responders_have_an_id_of_their_own_and_everybody_an_english_name(upgrade: Upgrade) -> None:
    def fill(connection: Connection) -> None:
        insert(connection, "incidents", **INCIDENT)
        for number, (household_id, name) in enumerate(
            ((7, "王建国家"), (-3, "治保陈国平"), (-4, "墙下陶村值班室")), start=1
        ):
            who = {"household_id": household_id, "household_name": name}
            phone = {"phone_id": -3 if household_id < 0 else 9, "number": f"+861380500000{number}"}
            insert(connection, "deliveries", **DELIVERY | who | phone | {"id": number})
            answer = {"answer": "coming", "channel": "call", "at": INCIDENT["opened_at"], "number": phone["number"]}
            insert(connection, "acknowledgements", id=number, incident_id=1, **who, **answer)
            came_in = {"carrier_key": f"voice:{number}", "kind": "answer", "text": "1", "answer": "{}"}
            received = {"number": phone["number"], "household_id": household_id, "received_at": INCIDENT["opened_at"]}
            insert(connection, "inbound_events", id=number, **came_in, **received)

    names = ["the Wang Jianguo household", "Chen Guoping (security)", "the duty phone of Qiang Xiataocun"]
    with upgrade(fill).begin() as session:
        deliveries = session.execute(
            text("SELECT household_id, responder_id, phone_id, household_name_en FROM deliveries ORDER BY id")
        ).all()
        answers = session.execute(
            text("SELECT household_id, responder_id, household_name_en FROM acknowledgements ORDER BY id")
        ).all()
        events = session.execute(text("SELECT household_id, responder_id FROM inbound_events ORDER BY id")).all()
        assert session.execute(text("SELECT id FROM checks_begin")).all() == [], "nobody lived there yet"
    assert [tuple(row) for row in deliveries] == [
        (7, None, 9, names[0]),
        (None, 3, None, names[1]),
        (None, 4, None, names[2]),
    ]
    assert [tuple(row) for row in answers] == [(7, None, names[0]), (None, 3, names[1]), (None, 4, names[2])]
    assert [tuple(row) for row in events] == [(7, None), (None, 3), (None, 4)]
