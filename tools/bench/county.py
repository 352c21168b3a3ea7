"""A county to ask: 3,000 villages, 1,000,000 households, 3,000,000 subscription rows, 1,000,000 recorded changes.

Each village has a head who may sign in, eight responders and six cameras; every fourth household has a #9 key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from config import migrations
from groups.rules.names import search_keys, spell_given_name
from tests.support.servers import PostgresServer

SURNAMES = "王陈李张周杨朱胡沈徐叶单吴郑金赵林方翁陶"
GIVEN = "国华芳明秀英建平桂兰阿根小红志强月仙文斌玉珍海波丽娟永康水土"
NAMES = len(SURNAMES) * len(GIVEN) * len(GIVEN)
DOORS = 334
"""Households of a village: 33 groups of ten, more or less."""

# Everything in the database itself, by sets: a row at a time would take an hour.
_COUNTY = (
    "INSERT INTO villages (id, code, name, kind) "
    "SELECT n, 'V' || lpad(n::text, 4, '0'), '村' || n, 'village' FROM generate_series(1, 3000) n",
    "INSERT INTO household_counts (village_id, kind, counted_on, households) "
    "SELECT v, 'resident', date '2023-01-01' + 365 * y, 320 + (v * 7 + y) % 40 "
    "FROM generate_series(1, 3000) v, generate_series(0, 3) y",
    "INSERT INTO grids (id, village_id, name, virtual) "
    "SELECT n, 1 + (n - 1) / 10, '网格' || n, false FROM generate_series(1, 30000) n",
    "INSERT INTO groups (id, village_id, grid_id, name, position) "
    "SELECT n, 1 + (n - 1) / 33, 1 + (n - 1) * 10 / 33, '组' || n, n FROM generate_series(1, 99000) n",
    "INSERT INTO households (id, village_id, group_id, head, search, initials, given, door, landmark, position, "
    "silent) "
    "SELECT n, 1 + (n - 1) / 334, LEAST((n - 1) / 334 * 33 + 1 + (n % 334) * 33 / 334, ((n - 1) / 334 + 1) * 33), "
    "head, search, initials, given, n % 334 / 10 || '-' || n % 10, '桥东第' || n % 334 || '家', n % 334, false "
    "FROM generate_series(1, 1000000) n JOIN people ON people.id = n::bigint * 7919 % {names}",
    "UPDATE groups SET leader_id = one FROM (SELECT group_id, min(id) one FROM households GROUP BY 1) first "
    "WHERE group_id = groups.id",
    "INSERT INTO subscriptions (household_id, plan, starts_on, ends_on, channel) "
    "SELECT h.id, '平安联防#9按键', date '2023-01-01' + (h.id * 7919 % 400)::int + k * 450, "
    "CASE WHEN k < 2 THEN date '2023-01-01' + (h.id * 7919 % 400)::int + k * 450 + 200 + (h.id * 31 % 250)::int "
    "WHEN h.id % 3 = 0 THEN date '2026-08-01' + (h.id % 100)::int END, 'office' "
    "FROM households h, generate_series(0, 2) k",
    "INSERT INTO residences (household_id, village_id, group_id, grid_id, starts_on) "
    "SELECT h.id, h.village_id, g.id, g.grid_id, date '2023-01-01' FROM households h JOIN groups g ON g.id = group_id",
    "INSERT INTO phones (id, household_id, number, ending, rank, kind, may_call, may_text, language) "
    "SELECT id, id, '+86199' || lpad(id::text, 8, '0'), right('0000' || id, 4), 1, 'mobile', true, true, 'zh' "
    "FROM households",
    "INSERT INTO reach_proofs (phone_id, household_id, proven_on, kind) "
    "SELECT id, id, date '2026-11-01' - 60 * k, 'drill' FROM households, generate_series(0, 2) k WHERE id % 10 < 6",
    "INSERT INTO devices (household_id, kind, serial, given_on, returned_on) "
    "SELECT id, 'key', 'K' || lpad(id::text, 8, '0'), date '2025-01-01' + (id % 600)::int, "
    "CASE WHEN id % 20 = 0 THEN date '2026-10-01' END FROM households WHERE id % 4 = 0",
    "INSERT INTO responders (id, village_id, team, name, number, may_call, may_text, language, hours) "
    "SELECT (v - 1) * 8 + k + 1, v, (ARRAY['security', 'patrol', 'guards', 'volunteers'])[1 + k % 4], '队员' || k, "
    "'+86188' || lpad((v * 8 + k)::text, 8, '0'), true, true, 'zh', CASE WHEN k > 3 THEN '周一至周五 18:00-06:00' "
    "ELSE '' END FROM generate_series(1, 3000) v, generate_series(0, 7) k",
    "INSERT INTO cameras (id, village_id, grid_id, name, landmark) "
    "SELECT (v - 1) * 6 + k + 1, v, (v - 1) * 10 + 1 + k, '天网' || k, '桥东' "
    "FROM generate_series(1, 3000) v, generate_series(0, 5) k",
    "INSERT INTO accounts (name, phone, role, village_id, password_hash, created_at) "
    "SELECT '村书记' || v, '+86187' || lpad(v::text, 8, '0'), 'village_head', v, '', timestamptz '2026-01-01' "
    "FROM generate_series(1, 3000) v",
    # Each village's list was brought in at once, and then a door in a hundred was mended by hand.
    'INSERT INTO changes (batch, changed_at, changed_on, changed_by, source, action, "table", row_id, village_id, '
    "household_id, after) SELECT CASE WHEN id % 100 = 0 THEN 'edit-' || id ELSE 'list-' || village_id END, "
    "timestamptz '2026-10-01' + id * interval '1 second', date '2026-10-01', '王建国', 'page', "
    "CASE WHEN id % 100 = 0 THEN 'edit_household' ELSE 'import_roster' END, 'households', id, village_id, id, "
    "json_build_object('head', head, 'door', door) FROM households ORDER BY id % 100 = 0, id",
    "SELECT setval(pg_get_serial_sequence(t, 'id'), 10000000) "
    "FROM unnest(ARRAY['villages', 'grids', 'groups', 'households', 'phones', 'responders', 'cameras']) t",
    "VACUUM ANALYZE",
)


ROSTER = ("villages", "groups", "households", "residences", "phones", "SELECT", "VACUUM")
"""What the roster alone is made of."""


@contextmanager
def county(only: Collection[str] = ()) -> Iterator[str]:
    """A PostgreSQL with the county in it, at the address given, until the block ends; or of these tables alone."""
    with PostgresServer() as server:
        with server.connect() as connection:
            connection.execute("CREATE DATABASE county")
        url = server.url("county")
        migrations.upgrade(url)
        with server.connect("county") as connection:
            # What refers to a row refers to one that is written here: fifteen million look-ups would say the same.
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "CREATE TEMPORARY TABLE people (id int PRIMARY KEY, head text, search text, given text, initials text)"
            )
            with connection.cursor().copy("COPY people FROM STDIN") as copy:
                for number in range(NAMES):
                    head = person(number)
                    copy.write_row((number, head, search_keys(head), *spell_given_name(head)))
            for statement in _COUNTY:
                if not only or _find_table(statement) in only:
                    connection.execute(statement.format(names=NAMES))
        yield url


def _find_table(statement: str) -> str:
    """What a statement fills, or its verb."""
    words = statement.split()
    return words[2].strip('"') if words[0] == "INSERT" else words[1] if words[0] == "UPDATE" else words[0]


def person(number: int) -> str:
    """One of the names that the county's heads have."""
    rest, last = divmod(number, len(GIVEN))
    family, middle = divmod(rest, len(GIVEN))
    return SURNAMES[family] + GIVEN[middle] + GIVEN[last]


def head_of(household_id: int) -> str:
    """What a household's head is called."""
    return person(household_id * 7919 % NAMES)
