"""The demo town, as its command loads it; the tests go to one worker, which loads it once."""

from __future__ import annotations

from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest
from click.testing import Result
from sqlalchemy import func, select

from app import create_app
from config.database import Database
from groups.commands.demo.town import REPORTING_DAY
from groups.models.enrolment import Subscription
from groups.models.roster import Grid, Group, Household, Phone, Village
from tests.conftest import MakeSettings
from tests.edges.commands.test_roster import everything, exported
from tests.edges.conftest import Type, answer, refused
from tests.support.web_servers import WebServer


@pytest.mark.usefixtures("demo_town")
def test_the_demo_town_has_the_towns_figures_and_loaded_twice_it_changes_nothing_and_says_so(
    run: Type, database: Database
) -> None:
    before = everything(database)
    done = run("demo", "load")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    assert "nothing changed" in done.stdout
    assert everything(database) == before
    for figure in ("21 ", "6125 ", "4018 "):
        assert figure in done.stdout
    with database.begin() as session:
        sizes = session.scalars(
            select(func.count())
            .select_from(Household)
            .where(Household.group_id.is_not(None))
            .group_by(Household.group_id)
        ).all()
        subscribed = session.execute(
            select(Village.code, func.count(Household.id))
            .join(Household, Household.village_id == Village.id)
            .join(Subscription, Subscription.household_id == Household.id)
            .where(Subscription.starts_on <= REPORTING_DAY, Subscription.ends_on.is_(None))
            .group_by(Village.code)
        ).all()
        grouped = session.execute(
            select(Village.code, func.count(Household.id))
            .join(Household, Household.village_id == Village.id)
            .where(Household.group_id.is_not(None))
            .group_by(Village.code)
        ).all()
        groups = session.scalars(select(Group)).all()
        leaders_from_elsewhere = [
            group for group in groups if session.get_one(Household, group.leader_id).group_id != group.id
        ]
        real, virtual = (
            session.scalar(select(func.count()).where(Grid.virtual.is_(kind)).select_from(Grid))
            for kind in (False, True)
        )
    assert sum(sizes) == 4018
    assert {min(sizes), max(sizes)} == {8, 12}
    assert dict(subscribed) == dict(grouped), "whoever has signed up is in a group, and nobody else"
    assert (dict(subscribed)["HJ01"], dict(subscribed)["HJ02"]) == (240, 295)
    assert not {"HJ20", "HJ21"} & set(dict(subscribed))
    assert all(group.leader_id and group.deputy_id and group.leader_id != group.deputy_id for group in groups)
    assert all(group.backup_group_id not in {None, group.id} for group in groups)
    assert leaders_from_elsewhere
    assert (real, virtual) == (233, 21)


def test_the_demo_is_refused_where_calls_would_reach_people(settings: MakeSettings, database: Database) -> None:
    live = create_app(settings(twilio_api_base_url="https://api.twilio.com", public_base_url="https://t.example.org"))
    assert "live carrier" in refused(live.test_cli_runner().invoke(args=["demo", "load"]))
    live.extensions["database"].close()
    assert everything(database)["villages"] == []


@pytest.mark.usefixtures("demo_town")
def test_a_gateway_on_this_machine_is_not_taken_for_the_simulator(settings: MakeSettings) -> None:
    assert "live carrier" in refused(load_beside(settings, b'{"ok": true}'))
    assert answer(load_beside(settings, b'{"simulator": "joint-defence"}'))


def load_beside(settings: MakeSettings, said: bytes) -> Result:
    """What `demo load` says where the carrier's address on this machine says this of itself."""

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_given: object) -> None:
            pass

    with WebServer(("127.0.0.1", 0), Gateway) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        app = create_app(settings(twilio_api_base_url=f"http://127.0.0.1:{server.server_port}/api/laml"))
        done = app.test_cli_runner().invoke(args=["demo", "load"])
        server.shutdown()
    app.extensions["database"].close()
    return done


def test_the_demo_is_refused_beside_a_real_village(run: Type, village: str, database: Database) -> None:
    before = everything(database)
    assert village in refused(run("demo", "load"))
    assert everything(database) == before


@pytest.mark.usefixtures("demo_town")
def test_an_export_imports_to_the_same_roster_and_rebuilds_it_where_there_is_none(
    run: Type, tmp_path: Path, database: Database
) -> None:
    """The demo's villages hold every kind of phone list there is."""
    before = exported(run, "HJ03")
    assert Counter(len(one["phones"]) for one in before).keys() == {0, 1, 2, 3}  # type: ignore[arg-type]
    files = {form: tmp_path / f"roster.{form}" for form in ("json", "csv", "xlsx")}
    for form, file in files.items():
        assert run("roster", "export", "--village", "HJ03", "--format", form, "--output", file).exit_code == 0
        done = run("roster", "import", file, "--village", "HJ03")
        assert "new 0, changed 0, same 260" in done.stdout
    for form, file in files.items():
        with database.begin() as session:
            moment = func.current_timestamp()
            session.execute(Phone.__table__.update().values(archived_at=moment))  # type: ignore[attr-defined]
        run("village", "create", form.upper(), f"{form}村")
        assert "new 260" in run("roster", "import", file, "--village", form.upper()).stdout
        assert exported(run, form.upper()) == before
