"""`cost show`: what a month's calls and texts cost, by the prices that are set."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import click
from flask.cli import AppGroup

from config.database import read_clock
from joint_defense.processes.budget import Costs, read_costs
from joint_defense.processes.runtime import get_runtime

FEN = Decimal("0.01")

cost = AppGroup("cost", help="What calls and texts cost (CALL_PRICE, TEXT_PRICE, MONTHLY_BUDGET).")


@cost.command("show", help="A month by kind of incident: calls picked up, segments of texts, yuan; an estimate.")
@click.option("--month", "written", help="2026-11; the current one otherwise.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(written: str | None, as_json: bool) -> None:
    """Print it; what the month will come to if it goes on so, and what part of the budget that is."""
    runtime = get_runtime()
    settings = runtime.settings
    if settings.call_price is None or settings.text_price is None:
        raise click.ClickException("没有设置单价 / no prices are set: CALL_PRICE, TEXT_PRICE")
    with runtime.database.begin(reads=True) as session:
        now = read_clock(session)
        found = read_costs(session, settings, _read_month(written, now.astimezone(settings.zone).date()), now)
    budget = settings.monthly_budget
    if as_json:
        click.echo(json.dumps(_describe(found, budget), ensure_ascii=False, indent=1))
        return
    for kind, (calls, segments) in sorted(found.counts.items()):
        click.echo(f"{kind}\t{calls}\t{segments}\t{found.price(kind).quantize(FEN)}")
    click.echo(f"合计 / sum\t\t\t{found.spent.quantize(FEN)}")
    click.echo(f"月底预计 / by the end of the month\t\t\t{found.expected.quantize(FEN)}")
    if budget:
        click.echo(f"预算 / budget\t\t\t{budget}\t{found.spent / budget:.0%}")


def _read_month(written: str | None, today: date) -> date:
    if written is None:
        return today.replace(day=1)
    try:
        return datetime.strptime(written, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise click.ClickException(f"不是月份 / this is no month: {written[:20]} (2026-11)") from None


def _describe(found: Costs, budget: Decimal | None) -> dict[str, object]:
    kinds = {
        kind: {"calls": calls, "segments": segments, "yuan": str(found.price(kind).quantize(FEN))}
        for kind, (calls, segments) in found.counts.items()
    }
    return {
        "month": f"{found.month:%Y-%m}",
        "kinds": kinds,
        "spent": str(found.spent.quantize(FEN)),
        "expected": str(found.expected.quantize(FEN)),
        "budget": None if budget is None else str(budget.quantize(FEN)),
    }
