"""`make demo`: a town, one alarm in it, and what follows, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.sql import column, table

from config import migrations
from config.database import Database
from config.settings import Settings, SettingsError, load
from joint_defense.demo import launch as demo_launch
from joint_defense.demo.box import sign_in_box
from joint_defense.demo.embedded_redis import EmbeddedRedis
from joint_defense.demo.handsets import Handsets, Roster, find_place_of_group
from joint_defense.demo.home import Home, check_port
from joint_defense.demo.launch import ROOT, Launch
from joint_defense.demo.programs import DemoTrouble
from joint_defense.demo.scene import begin_checks, choose_scene, widen_sooner
from joint_defense.demo.show import conclude, follow, raise_alarm, tell
from joint_defense.demo.story import Story

SPEED_WHEN_WATCHED = 1.0
SPEED_WHEN_ONCE = 16.0
SETTLED_WITHIN = 60.0
# So long the first alarm is told before the box: until the first answers, at the speed of real handsets.
WATCHED_FOR = 20.0
LOAD_TOWN = ("flask", "--app", "app", "demo", "load")


class Stopped(BaseException):
    """Somebody asked us to end. Not an Exception: nothing on the way may take it for a failure."""


def main(arguments: list[str] | None = None) -> int:
    """Run the demo. 0 when it was stopped, or when the alarm of `--once` reached everybody once."""
    given = _make_parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return _run(given)
    except Stopped:
        return 0
    except (DemoTrouble, SettingsError, migrations.NewerDatabase) as trouble:
        print(f"demo: {trouble}", file=sys.stderr)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        print(f"demo: the database does not answer as it should: {reason}", file=sys.stderr)
    return 1


def _run(given: argparse.Namespace) -> int:
    begun = time.monotonic()
    home = Home(given.home)
    home.hold()
    if given.once and given.new_password:
        raise DemoTrouble("NEW_PASSWORD=1 is for a demo that goes on: leave ONCE=1 away")
    if given.fresh:
        if given.database_url:
            raise DemoTrouble("FRESH=1 empties the demo's own database only: empty the one of DATABASE_URL yourself")
        home.clear()
    check_port(given.port, "PORT", "the web process")
    check_port(given.sim_port, "SIM_PORT", "the simulator")
    redis = EmbeddedRedis(home.directory / "redis")
    environment = home.make_environment(
        port=given.port, sim_port=given.sim_port, database_url=given.database_url, redis_url=redis.url
    )
    settings = load(environment)
    launch = Launch(home, environment, redis)
    try:
        _start(launch, settings, given)
        print(f"up after {time.monotonic() - begun:.1f} s", flush=True)
        return _show(launch, settings, given, home.logs / "timeline.log")
    finally:
        _end(launch, home, quietly=given.once)


def _start(launch: Launch, settings: Settings, given: argparse.Namespace) -> None:
    """Start everything and wait until it is there."""
    launch.start_simulator(given.sim_port, given.port, SPEED_WHEN_ONCE if given.once else SPEED_WHEN_WATCHED)
    launch.start_redis()
    if migrations.find_pending(settings.database_url):
        launch.run_once("release")
    if not _stands(settings.database_url, _has_villages):
        launch.run_once("demo load", LOAD_TOWN)
    launch.start_service()
    launch.wait_until_ready([f"{settings.twilio_api_base_url}/sim/healthz", f"{settings.public_base_url}/readyz"])


def _find_password(launch: Launch, settings: Settings, *, another: bool) -> str:
    """The visitors' password if it is made now, else nothing: made last, so that whoever made it sees it."""
    if not another and _stands(settings.database_url, demo_launch.are_known):
        return ""
    database = Database(settings.database_url)
    try:
        with database.session() as session:
            return demo_launch.give_password(launch, session, choose_scene(session).village_code)
    finally:
        database.close()


def _show(launch: Launch, settings: Settings, given: argparse.Namespace, log: Path) -> int:
    database = Database(settings.database_url)
    handsets = Handsets(settings.twilio_api_base_url)
    try:
        with database.begin() as session:
            scene = choose_scene(session)
            widen_sooner(session, scene.village_code)
            begin_checks(session, settings.zone)
            place = find_place_of_group(session, scene.group_id)
        roster = Roster(database, handsets)
        roster.tell()
        story = Story(database, handsets, settings.zone)
        keypress = raise_alarm(scene, handsets, story)
        follow(story, story.settled, SETTLED_WITHIN if given.once else given.watch)
        verdict = conclude(scene, handsets, story, keypress)
        if given.once:
            return 1 if verdict.faults else 0
        group = f"village={quote(scene.village_code)}&group={place}"
        tell(
            sign_in_box(
                pages=f"{settings.public_base_url}/",
                handsets=f"{settings.twilio_api_base_url}/?{group}",
                password=_find_password(launch, settings, another=given.new_password),
                log=log,
                fresh="an empty database, then make demo again" if given.database_url else "make demo FRESH=1",
            )
        )
        _serve(launch, story, roster, log)
    finally:
        database.close()


def _serve(launch: Launch, story: Story, roster: Roster, log: Path) -> NoReturn:
    """Keep everything running until somebody stops us. What happens goes to the log: the box stays last."""
    with log.open("a", encoding="utf-8") as written:
        while True:
            restarted = launch.restart_the_fallen()
            written.writelines(f"{line}\n" for line in [*story.go_on(), *restarted.values()])
            written.flush()
            roster.tell_if_changed(time.monotonic(), forgotten="simulator" in restarted)
            time.sleep(0.25)


def _end(launch: Launch, home: Home, *, quietly: bool) -> None:
    # Whoever presses Ctrl-C twice gets an orderly end all the same: it takes at most its ten seconds.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    killed = launch.stop_all()
    home.let_go()
    if killed or not quietly:
        tell([f"stopped{', ' + ', '.join(killed) + ' by force' if killed else ''}"])


def _stands(database_url: str, look: Callable[[Session], bool]) -> bool:
    """What `look` finds in the database, before anything else has opened it."""
    database = Database(database_url)
    try:
        with database.begin() as session:
            return look(session)
    finally:
        database.close()


def _has_villages(session: Session) -> bool:
    # `demo load` itself refuses to mix a real roster with invented people.
    return session.execute(select(column("id")).select_from(table("villages")).limit(1)).first() is not None


def _stop(number: int, _frame: object) -> None:
    raise Stopped(number)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m joint_defense.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the alarm; 0 if everybody was requested once")
    parser.add_argument("--port", type=int, default=8000, help="of the web process (default: 8000)")
    parser.add_argument("--sim-port", type=int, default=8080, help="of the simulator (default: 8080)")
    parser.add_argument("--database-url", help="instead of an SQLite file; must be empty or hold the demo town")
    parser.add_argument("--new-password", action="store_true", help="give the operator another password, and print it")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier demo has left: start anew")
    parser.add_argument("--watch", type=float, default=WATCHED_FOR, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "demo", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
