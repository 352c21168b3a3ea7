"""The faults. Each act breaks something in a running town, raises its alarms, and mends what does not mend itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.faults.acts import carrier, database, killed, machines, redis, second_account
from tools.faults.acts.common import AT_ONCE, SIDE_BY_SIDE
from tools.faults.stage import Shown, Stage

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = (SQLITE, POSTGRESQL)


@dataclass(frozen=True)
class Fault:
    """What is done, on which databases, how many runs (alarms) one go is, whether processes start again in it, and the
    longest gap that is well.
    """

    name: str
    act: Callable[[Stage], Shown]
    databases: tuple[str, ...] = (POSTGRESQL,)
    at_once: int = 1
    quick: bool = False
    starts: bool = False
    longest_gap: float = 3.0


def sanity(stage: Stage) -> Shown:
    """Nothing is broken."""
    return Shown([stage.alarm().raise_()])


FAULTS = (
    Fault("nothing is broken", sanity, BOTH),
    Fault("worker killed at any moment", killed.worker_at_any_moment, BOTH, starts=True),
    Fault("worker killed before the requests", killed.worker_before, starts=True),
    Fault("worker killed during the requests", killed.worker_during, BOTH, quick=True, starts=True),
    Fault("worker killed after the answers", killed.worker_after, BOTH, starts=True),
    Fault("one of two workers killed before", killed.one_of_two_before, starts=True),
    Fault("one of two workers killed during", killed.one_of_two_during, starts=True),
    Fault("one of two workers killed after", killed.one_of_two_after, starts=True),
    Fault("web killed between commit and enqueue", killed.web_before_enqueue, BOTH, quick=True, starts=True),
    Fault("clock killed", killed.clock_alone, starts=True),
    Fault("clock and worker killed", killed.clock_and_worker, starts=True),
    Fault("all killed at once", killed.all_at_once, BOTH, starts=True),
    Fault("worker killed for good", killed.worker_for_good, BOTH, quick=True, starts=True, longest_gap=2.0),
    Fault("worker and clock killed for good", killed.worker_and_clock_for_good, starts=True, longest_gap=2.0),
    Fault("worker and Redis killed for good", killed.worker_and_redis_for_good, starts=True, longest_gap=2.0),
    Fault("worker hangs at the alarm", killed.worker_hung, BOTH, longest_gap=2.0),
    Fault("worker hangs in the middle", killed.worker_hung_in_the_middle, BOTH),
    Fault("Redis killed at the alarm", redis.killed_at_the_alarm, BOTH),
    Fault("Redis killed in the middle", redis.killed_in_the_middle),
    Fault("Redis restarted empty at the alarm", redis.emptied_at_the_alarm, at_once=2),
    Fault("Redis restarted empty in the middle", redis.emptied_in_the_middle, at_once=2),
    Fault("Redis unreachable for 60 s at the alarm", redis.unreachable_at_the_alarm, at_once=AT_ONCE),
    Fault("Redis unreachable for 60 s in the middle", redis.unreachable_in_the_middle, at_once=AT_ONCE),
    Fault("Redis full", redis.full, quick=True),
    Fault("PostgreSQL restarted in the middle", database.postgres_restarted),
    Fault("PostgreSQL refuses for 20 s", database.postgres_refuses, at_once=AT_ONCE),
    Fault("PostgreSQL hangs for 20 s", database.postgres_hangs, at_once=AT_ONCE),
    Fault("PostgreSQL only reads for 6 s", database.postgres_only_reads, at_once=SIDE_BY_SIDE),
    Fault("PostgreSQL takes no more connections for 6 s", database.postgres_takes_no_more, at_once=SIDE_BY_SIDE),
    Fault("carrier answers 500 for 30 s", carrier.answers_500, at_once=AT_ONCE),
    Fault("carrier hangs", carrier.hangs, at_once=SIDE_BY_SIDE),
    Fault("carrier answers too late", carrier.answers_late, at_once=SIDE_BY_SIDE),
    Fault("carrier cuts after accepting", carrier.cuts, BOTH, quick=True),
    Fault("carrier answers with a proxy's page", carrier.answers_with_a_page, at_once=SIDE_BY_SIDE),
    Fault("carrier answers 429", carrier.answers_429, at_once=SIDE_BY_SIDE),
    Fault("carrier refuses the account", carrier.refuses_the_account),
    Fault("carrier does not end calls", carrier.does_not_end_calls),
    *(
        Fault(
            f"a second account: the first {what}",
            act,
            at_once=SIDE_BY_SIDE,
            starts=True,
            longest_gap=second_account.TAKES_OVER,
        )
        for what, act in (
            ("is refused", second_account.refused),
            ("does not know our number", second_account.wrong_number),
            ("answers 500", second_account.answers_500),
            ("hangs", second_account.hangs),
            ("cuts after accepting", second_account.answers_nothing_and_has_taken),
        )
    ),
    Fault("callbacks lost", carrier.callbacks_lost, BOTH),
    Fault("callbacks doubled and shuffled", carrier.callbacks_doubled_and_shuffled),
    Fault("callbacks an hour late", carrier.callbacks_an_hour_late),
    Fault("the final callback only", carrier.callbacks_final_only),
    Fault("a machine's clock 5 minutes off", machines.clock_five_minutes_off, starts=True),
    Fault("SQLite's disk full", database.sqlite_disk_full, (SQLITE,)),
    Fault("two clocks at once", machines.two_clocks, BOTH, starts=True),
    Fault("two hosts, all well", machines.two_hosts, starts=True),
    Fault("one of two hosts killed", machines.one_host_of_two_killed, starts=True),
    Fault("each process of two hosts killed in turn", machines.two_hosts_in_turn, starts=True),
    Fault("200 half-sent requests", machines.half_sent_requests),
    Fault("a deploy in the middle", machines.deploy, at_once=2, starts=True),
)
