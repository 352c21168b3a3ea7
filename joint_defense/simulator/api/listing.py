"""Lists of the API: filters, order and pages. Newest first, as the carrier does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from joint_defense.simulator.network.records import Call, Message, Owned
from joint_defense.simulator.network.refusals import Refusal

PAGE_SIZE = 50
LARGEST_PAGE = 1000
_A_DAY = 86_400

Record = TypeVar("Record", Call, Message, Owned)
Span = tuple[float, float]


def filter_calls(calls: Iterable[Call], query: Mapping[str, str]) -> list[Call]:
    """The calls that match. A call that still stands in the queue counts with the time it was asked for.

    A time that is to be equal means its whole day in UTC.
    """
    spans = [
        (_read_span(query, "StartTime"), lambda call: call.started_at or call.created_at),
        (_read_span(query, "EndTime"), lambda call: call.ended_at),
    ]
    wanted = {"To": "to", "From": "sender", "Status": "status", "ParentCallSid": "parent_sid"}
    return _filter(calls, query, wanted, spans)


def filter_messages(messages: Iterable[Message], query: Mapping[str, str]) -> list[Message]:
    """The messages that match. One that has not left yet counts with the time it was asked for."""
    spans = [(_read_span(query, "DateSent"), lambda message: message.sent_at or message.created_at)]
    return _filter(messages, query, {"To": "to", "From": "sender"}, spans)


def make_page(
    records: list[Record], name: str, path: str, query: Mapping[str, str], draw: Callable[[Record], dict[str, Any]]
) -> dict[str, Any]:
    """One page of a list with its neighbours' addresses. A page token holds its place while new records come."""
    size = min(max(_read_whole(query, "PageSize", PAGE_SIZE), 1), LARGEST_PAGE)
    number = max(_read_whole(query, "Page", 0), 0)
    start = number * size
    token = query.get("PageToken", "")
    if token:
        after = token.removeprefix("PA")
        start = next((place + 1 for place, record in enumerate(records) if record.sid == after), start)
    shown = records[start : start + size]
    filters = {key: value for key, value in query.items() if key not in {"Page", "PageToken", "PageSize"}}

    def make_uri(page: int, token: str = "") -> str:  # nosec B107 - a page's, no secret
        paging = {"PageSize": str(size), "Page": str(page)} | ({"PageToken": token} if token else {})
        return f"{path}?{urlencode(filters | paging)}"

    more = start + size < len(records)
    return {
        name: [draw(record) for record in shown],
        "page": number,
        "page_size": size,
        "start": start,
        "end": max(start + len(shown) - 1, 0),
        "uri": make_uri(number, token),
        "first_page_uri": make_uri(0),
        "next_page_uri": make_uri(number + 1, f"PA{shown[-1].sid}") if more else None,
        "previous_page_uri": make_uri(number - 1) if number else None,
    }


def _filter(
    records: Iterable[Record],
    query: Mapping[str, str],
    wanted: Mapping[str, str],
    spans: list[tuple[Span | None, Callable[[Any], float | None]]],
) -> list[Record]:
    exact = [(attribute, query[name]) for name, attribute in wanted.items() if query.get(name)]
    within = [(span, at) for span, at in spans if span is not None]

    def matches(record: Record) -> bool:
        if any(getattr(record, attribute) != value for attribute, value in exact):
            return False
        for (earliest, end), at in within:
            moment = at(record)
            # The carrier keeps whole seconds.
            if moment is None or not earliest <= int(moment) < end:
                return False
        return True

    return [record for record in records if matches(record)]


def _read_span(query: Mapping[str, str], name: str) -> Span | None:
    """From (included) to (not included) of `name`, `name>`, `name<`; the old spellings `>=` and `<=` mean the same."""
    earliest, end = 0.0, float("inf")
    found = False
    for suffix in ("", ">", "<", ">=", "<="):
        value = query.get(name + suffix)
        if not value:
            continue
        found = True
        moment = _read_moment(name, value)
        if not suffix:
            # The carrier's documents know equality by the day alone, and its SDK writes a day as a time.
            day = moment - moment % _A_DAY
            earliest, end = max(earliest, day), min(end, day + _A_DAY)
        elif suffix.startswith(">"):
            earliest = max(earliest, moment)
        else:
            end = min(end, moment)
    return (earliest, end) if found else None


def _read_moment(name: str, value: str) -> float:
    """An epoch time in UTC: of a date, of its first second."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Refusal(20001, f"{name} must be a date or a time in ISO 8601") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _read_whole(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    if not value:
        return default
    if not value.isascii() or not value.isdigit():
        raise Refusal(20001, f"{name} must be a whole number")
    return int(value)
