"""`python -m joint_defense.simulator.handset`: one handset from the command line. One line when something is wrong."""

from __future__ import annotations

import argparse
import json
import sys
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

ANSWER_WITHIN = 30.0


class NoSuchLuck(Exception):
    """The network refused, or does not answer. The message is one line."""


def main(arguments: list[str] | None = None) -> int:
    """Carry one command out. The process's exit status."""
    given = _make_parser().parse_args(arguments)
    try:
        _print(given, _make_command(given))
    except NoSuchLuck as error:
        print(f"handset: {error}", file=sys.stderr)
        return 1
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m joint_defense.simulator.handset", description=__doc__)
    parser.add_argument("--sim", default="http://127.0.0.1:4020", help="the network (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)

    def add_command(name: str, what: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what)
        added.add_argument("number", help="the handset, E.164")
        return added

    dial = add_command("dial", "call a number of the account")
    dial.add_argument("--to", help="default: the account's first number")
    dial.add_argument("--press", help="keys, once connected")
    dial.add_argument("--press-after", type=float, default=0.5, help="seconds after the answer (default: 0.5)")
    dial.add_argument("--hang-up-after", type=float, help="seconds after the answer")
    text = add_command("text", "send a text to a number of the account")
    text.add_argument("body")
    text.add_argument("--to", help="default: the account's first number")
    add_command("press", "press keys in the call").add_argument("digits")
    add_command("answer", "pick up")
    add_command("hangup", "hang up, or decline")
    add_command("script", "say what it does").add_argument("script", help='JSON, such as {"calls": [{"do": "busy"}]}')
    add_command("reset", "forget the script")
    add_command("show", "state, calls and texts")
    return parser


def _make_command(given: argparse.Namespace) -> Any:
    path = f"/sim/handsets/{quote(given.number)}"
    to = {"to": given.to} if getattr(given, "to", None) else {}
    match given.command:
        case "dial":
            press = [{"after": given.press_after, "digits": given.press}] if given.press else []
            order = to | {"press": press, "hang_up_after": given.hang_up_after}
            return _ask(given.sim, "POST", f"{path}/dial", order)
        case "text":
            return _ask(given.sim, "POST", f"{path}/text", to | {"body": given.body})
        case "press":
            return _ask(given.sim, "POST", f"{path}/press", {"digits": given.digits})
        case "script":
            return _ask(given.sim, "PUT", path, _parse(given.script))
        case "reset":
            return _ask(given.sim, "DELETE", path)
        case "show":
            return _ask(given.sim, "GET", path)
        case _:
            return _ask(given.sim, "POST", f"{path}/{given.command}", {})


def _print(given: argparse.Namespace, answer: Any) -> None:
    if given.command not in ("show", "script", "reset"):
        print(json.dumps(answer, ensure_ascii=False))
        return
    print(f"{answer['number']} {answer['name']} {answer['state']}".replace("  ", " "))
    for call in answer["calls"]:
        print(f"call {call['direction']} {call['from']} -> {call['to']} {call['status']}")
        for heard in call["heard"]:
            print(f"  {heard['at_ms'] / 1000:7.1f} s  {heard['verb']}: {heard['text']}")
        if call["pressed"]:
            print(f"  pressed {' '.join(call['pressed'])}")
    for message in answer["messages"]:
        print(f"text {message['from']} -> {message['to']} {message['status']}: {message['body']}")


def _parse(script: str) -> Any:
    try:
        return json.loads(script)
    except ValueError as error:
        raise NoSuchLuck(f"the script is not JSON: {error}") from None


def _ask(sim: str, method: str, path: str, given: Any = None) -> Any:
    parts = urlsplit(sim)
    if parts.scheme != "http" or not parts.hostname:
        raise NoSuchLuck(f"{sim} is not an http:// address")
    connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=ANSWER_WITHIN)
    try:
        connection.request(method, path, json.dumps(given) if given is not None else None)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise NoSuchLuck(f"no network answers at {sim}: {error}") from None
    finally:
        connection.close()
    if response.status >= 400:
        raise NoSuchLuck(str(answer.get("error", response.status)))
    return answer


if __name__ == "__main__":
    sys.exit(main())
