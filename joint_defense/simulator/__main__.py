"""`python -m joint_defense.simulator`: the network as a process. One line when it is ready, one when it cannot be."""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import json
import logging
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from joint_defense.simulator.network.dialects import DIALECTS
from joint_defense.simulator.network.network import Options
from joint_defense.simulator.network.phone_book import PhoneBook, read_phone_book
from joint_defense.simulator.network.wire import is_number
from joint_defense.simulator.server import create_app

HOST = "127.0.0.1"
BACKLOG = 4096
# Records live long and hold no cycles: looking through them for garbage too often costs more than it finds.
GARBAGE_THRESHOLD = 10_000


def main(arguments: list[str] | None = None) -> int:
    """Run the network until it is told to end. The process's exit status."""
    parser = _make_parser()
    given = parser.parse_args(arguments)
    try:
        options = _read_options(given)
        book = _read_phone_book(given.phone_book)
    except (ValueError, OSError) as error:
        return _fail(str(error))
    logging.basicConfig(level=logging.WARNING, format="simulator: %(levelname)s %(message)s")
    gc.set_threshold(GARBAGE_THRESHOLD)
    _allow_many_connections()
    try:
        asyncio.run(_serve(options, book, given.port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _fail(f"port {given.port} is in use")
        return _fail(f"cannot listen on port {given.port}: {error.strerror}")
    except KeyboardInterrupt:
        return 0
    return 0


async def _serve(options: Options, book: PhoneBook, port: int) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    runner = web.AppRunner(create_app(options, book), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port, backlog=BACKLOG).start()
        bound = runner.addresses[0][1]
        print(f"simulator ready on http://{HOST}:{bound}", flush=True)
        await ended.wait()
    finally:
        await runner.cleanup()


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m joint_defense.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=4020, help="0 picks a free one (default: 4020)")
    parser.add_argument("--account-sid", required=True)
    token = parser.add_mutually_exclusive_group(required=True)
    token.add_argument("--auth-token")
    token.add_argument("--auth-token-file", type=Path)
    parser.add_argument("--number", action="append", required=True, help="of the account, E.164; may be repeated")
    parser.add_argument("--voice-url", default="", help="asked when a handset calls")
    parser.add_argument("--sms-url", default="", help="asked when a handset texts")
    parser.add_argument("--voice-status-url", default="", help="told when a handset's call is over")
    parser.add_argument("--voice-fallback-url", default="", help="asked when the voice URL fails")
    parser.add_argument("--speed", type=float, default=1.0, help="telephony runs so many times faster")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="real time each REST request takes")
    parser.add_argument("--calls-per-second", type=float, default=0.0, help="more are queued; 0: no limit")
    parser.add_argument("--concurrent-calls", type=int, default=0, help="more are refused with 10004; 0: no limit")
    parser.add_argument("--phone-book", type=Path, help="whose handsets these are, for the page (phone_book.py)")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="twilio", help="which carrier it behaves as")
    parser.add_argument("--signing-key", default="", help="what SignalWire signs with (default: the auth token)")
    parser.add_argument("--balance", default="", help="what the account has left, like '8.50 CNY' (default: not told)")
    parser.add_argument("--keep", type=int, default=50_000, help="how many calls, texts and journal lines to keep")
    return parser


def _read_options(given: argparse.Namespace) -> Options:
    if len(given.account_sid) != 34 or not given.account_sid.startswith("AC"):
        raise ValueError("--account-sid must be AC and 32 hexadecimal digits")
    for number in given.number:
        if not is_number(number):
            raise ValueError(f"--number {number} is not a telephone number like +8657488889999")
    if given.speed <= 0 or given.keep < 1:
        raise ValueError("--speed and --keep must be above 0")
    if given.latency_ms < 0 or given.calls_per_second < 0 or given.concurrent_calls < 0:
        raise ValueError("--latency-ms, --calls-per-second and --concurrent-calls cannot be below 0")
    token = given.auth_token if given.auth_token_file is None else given.auth_token_file.read_text().strip()
    if not token:
        raise ValueError("the auth token is empty")
    return Options(
        account_sid=given.account_sid,
        auth_token=token,
        numbers=tuple(given.number),
        voice_url=given.voice_url,
        sms_url=given.sms_url,
        voice_status_url=given.voice_status_url,
        voice_fallback_url=given.voice_fallback_url,
        speed=given.speed,
        latency_ms=given.latency_ms,
        calls_per_second=given.calls_per_second,
        concurrent_calls=given.concurrent_calls,
        keep=given.keep,
        dialect=given.dialect,
        signing_key=given.signing_key,
        balance=given.balance,
    )


def _read_phone_book(path: Path | None) -> PhoneBook:
    if path is None:
        return PhoneBook()
    try:
        return read_phone_book(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _fail(reason: str) -> int:
    print(f"simulator: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
