"""What the carrier calls: voice, SMS, status. They check, read the form and hand on; no rule lives here.

Doors: `register`. No tables. It must not know pages.
"""

from __future__ import annotations

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from config.database import read_clock
from config.services import WARM_UP
from groups import directory
from joint_defense.carriers import twiml
from joint_defense.incidents.answers import find_told
from joint_defense.processes.drain import DRAINER, Drainer
from joint_defense.processes.runtime import RUNTIME, Runtime
from joint_defense.processes.stand_in import STAND_IN, WAKER, StandIn
from joint_defense.webhooks.callbacks import REPORTS, Reports, status
from joint_defense.webhooks.caller_line import waiting
from joint_defense.webhooks.neighbour_line import answers
from joint_defense.webhooks.outage import keeping
from joint_defense.webhooks.sms import sms
from joint_defense.webhooks.voice import voice

NOBODY = "+0"
log = structlog.stdlib.get_logger(__name__)


def register(app: Flask) -> None:
    """Add the webhooks. Each checks the carrier's signature itself, so none of them takes part in CSRF or sign-in."""
    for blueprint in (voice, waiting, keeping, answers, sms, status):
        app.register_blueprint(blueprint)
    runtime = RUNTIME.of(app)
    REPORTS.keep(app, Reports(runtime.database))
    drainer = Drainer(runtime, WAKER.of(app).wake)
    DRAINER.keep(app, drainer)
    WARM_UP.keep(app, lambda: warm_up(runtime, drainer, STAND_IN.of(app)))


def warm_up(runtime: Runtime, drainer: Drainer, stand_in: StandIn) -> None:
    """Load and compile what the first alarm would wait half a second for. Without a database it does what it can.

    What a process before us has spooled is taken in. From now on this process stands in for whoever is gone.
    """
    directory.warm_up()
    twiml.ask([("", "zh")], action="/", then="/", keys=1, timeout=1)
    try:
        with runtime.database.begin() as session:
            read_clock(session)
            directory.find_caller(session, NOBODY)
            find_told(session, NOBODY)
    except SQLAlchemyError:
        log.warning("warm_up_without_database")
    drainer.start()
    stand_in.start()
