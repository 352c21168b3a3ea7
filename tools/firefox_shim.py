"""Starts Debian's Firefox for Playwright, and stands between the two.

Playwright speaks WebDriver BiDi with a Firefox as Mozilla ships it, and asks each for `network.addDataCollector` at the
start, and five more of the kind, which the long-supported 140 does not know yet. These are answered here: bodies of
answers, downloads, screens and dark looks, of which the walk in Firefox asks nothing. All else passes as it comes.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from typing import IO

FIREFOX = "/usr/bin/firefox-esr"
_LISTENS = re.compile(r"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)")
_ANSWERED: dict[str, dict[str, str]] = {
    "network.addDataCollector": {"collector": "none"},
    "browser.setDownloadBehavior": {},
    "emulation.setScreenOrientationOverride": {},
    "emulation.setScreenSettingsOverride": {},
    "emulation.setMediaFeaturesOverride": {},
    "emulation.setLocaleOverride": {},
}
"""What this Firefox does not know, and what is said in its place."""
_MASKED = 0x80
_TEXT = 0x81


def main() -> int:
    """Start it with the arguments given; ends with it."""
    firefox = subprocess.Popen([FIREFOX, *sys.argv[1:]], stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGTERM, lambda *_: firefox.terminate())
    assert firefox.stderr is not None
    for line in firefox.stderr:
        told = line
        if found := _LISTENS.search(line):
            own = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=_serve, args=(own, int(found[1])), daemon=True).start()
            told = line.replace(found[1], str(own.getsockname()[1]))
        sys.stderr.write(told)
        sys.stderr.flush()
    return firefox.wait()


def _serve(own: socket.socket, port: int) -> None:
    while True:
        client, _ = own.accept()
        browser = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_pass_on, args=(browser, client), daemon=True).start()
        threading.Thread(target=_pass_commands, args=(client, browser, port), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Whatever comes, as it comes."""
    while chunk := source.recv(1 << 16):
        target.sendall(chunk)
    target.close()


def _pass_commands(client: socket.socket, browser: socket.socket, port: int) -> None:
    """The handshake with the browser's own address, then frame by frame."""
    incoming = client.makefile("rb")
    while (line := incoming.readline()) not in (b"\r\n", b""):
        browser.sendall(f"Host: 127.0.0.1:{port}\r\n".encode() if line.lower().startswith(b"host:") else line)
    browser.sendall(b"\r\n")
    while frame := _read_frame(incoming):
        raw, text = frame
        command = json.loads(text) if any(name.encode() in text for name in _ANSWERED) else {}
        if command.get("method") in _ANSWERED:
            answer = {"type": "success", "id": command["id"], "result": _ANSWERED[command["method"]]}
            said = json.dumps(answer).encode()
            # Firefox says nothing before it is asked, so that two never write at once.
            client.sendall(bytes([_TEXT, len(said)]) + said)
        else:
            browser.sendall(raw)
    browser.close()


def _read_frame(incoming: IO[bytes]) -> tuple[bytes, bytes] | None:
    """A frame of the client as it came, and what it says."""
    head = incoming.read(2)
    if len(head) < 2:
        return None
    size = head[1] & 0x7F
    more = incoming.read({126: 2, 127: 8}.get(size, 0))
    mask = incoming.read(4) if head[1] & _MASKED else b""
    payload = incoming.read(int.from_bytes(more, "big") if more else size)
    plain = bytes(each ^ mask[place % 4] for place, each in enumerate(payload)) if mask and len(payload) < 4096 else b""
    return head + more + mask + payload, plain


if __name__ == "__main__":
    os.environ["MOZ_HEADLESS"] = "1"
    sys.exit(main())
