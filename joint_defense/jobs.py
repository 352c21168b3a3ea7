"""Jobs of the queue: what RQ runs, named by dotted path, with ids for arguments."""

from __future__ import annotations

from joint_defense.waking import DispatcherThread

_dispatcher: DispatcherThread | None = None


class NoDispatcher(RuntimeError):
    """The job ran in a process that does not send: start it with `flask --app joint_defense.engine worker`."""


def serve_with(dispatcher: DispatcherThread) -> None:
    """The dispatcher that this process's jobs wake."""
    global _dispatcher  # noqa: PLW0603 - RQ finds jobs by name, so their process-wide partner has to be one
    _dispatcher = dispatcher


def dispatch_incident(incident_id: int) -> int:
    """Look for due deliveries now. The job does not wait for them: a storm of alarms must not queue up behind one."""
    if _dispatcher is None:
        raise NoDispatcher("this process has no dispatcher")
    _dispatcher.wake()
    return incident_id
