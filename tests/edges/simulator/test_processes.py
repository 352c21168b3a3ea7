"""The two command lines, as processes."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import ACCOUNT_SID, OURS, WANG, Carrier
from tests.support.handsets import ROOT, Network

ARGUMENTS = ["--account-sid", ACCOUNT_SID, "--number", OURS]


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )


def simulator(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("joint_defense.simulator", *ARGUMENTS, *arguments)


def handset(network: Network, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("joint_defense.simulator.handset", "--sim", network.url, *arguments)


def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = simulator("--auth-token", "t", "--port", str(port))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"simulator: port {port} is in use\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--auth-token-file", "/nowhere/token"], "simulator: [Errno 2] No such file or directory: '/nowhere/token'"),
        (["--auth-token", ""], "simulator: the auth token is empty"),
        (["--auth-token", "t", "--number", "110"], "simulator: --number 110 is not a telephone number like"),
        (["--auth-token", "t", "--speed", "0"], "simulator: --speed and --keep must be above 0"),
        (["--auth-token", "t", "--account-sid", "x"], "simulator: --account-sid must be AC and 32 hexadecimal digits"),
    ],
)
def test_a_bad_option_is_said_in_one_line(arguments: list[str], complaint: str) -> None:
    ended = simulator(*arguments)

    assert ended.returncode == 1
    assert ended.stderr.startswith(complaint)
    assert ended.stderr.count("\n") == 1


def test_it_reads_its_token_from_a_file_and_ends_when_told_to(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("from a file\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "joint_defense.simulator", *ARGUMENTS, "--port", "0", "--auth-token-file", str(token)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("simulator ready on ")
        carrier = Carrier(url)
        carrier.authorise(ACCOUNT_SID, "from a file")
        carrier.call(WANG)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_a_handset_calls_presses_and_is_shown_from_the_command_line(network: Network, application: Application) -> None:
    application.says("/voice", '<Gather numDigits="2" finishOnKey="" action="/keys"><Say>请按井号九</Say></Gather>')
    application.says("/keys", "<Say>已通知邻居</Say>")
    application.says("/sms", "<Message>已通知</Message>")

    dialed = handset(network, "dial", WANG, "--to", OURS, "--press", "#9")
    call = network.handset(WANG).wait_for_own_call("completed")
    texted = handset(network, "text", WANG, "#9")
    shown = handset(network, "show", WANG)

    assert (dialed.returncode, dialed.stdout) == (0, f'{{"call_sid": "{call.sid}"}}\n')
    assert '"reply": "已通知"' in texted.stdout
    assert "Say: 请按井号九\n" in shown.stdout
    assert "Say: 已通知邻居\n" in shown.stdout
    assert "pressed #9\n" in shown.stdout
    assert f"text {WANG} -> {OURS} received: #9\n" in shown.stdout


def test_a_handset_is_scripted_answered_pressed_and_hung_up_from_the_command_line(
    carrier: Carrier, network: Network
) -> None:
    assert handset(network, "script", WANG, '{"calls": [{"do": "manual"}]}').returncode == 0
    carrier.call(WANG, "<Say>Hello</Say><Pause length='3000'/>", Timeout="600")
    network.handset(WANG).wait_for_call("ringing")

    assert handset(network, "answer", WANG).returncode == 0
    assert handset(network, "press", WANG, "1").returncode == 0
    assert handset(network, "hangup", WANG).returncode == 0

    assert network.handset(WANG).wait_for_call("completed").pressed == ("1",)
    assert handset(network, "reset", WANG).stdout.startswith(f"{WANG} idle\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["answer", WANG], f"handset: {WANG} is in no call\n"),
        (["dial", "110"], "handset: 110 is not a telephone number in E.164\n"),
        (["press", WANG, "x"], "handset: digits must be keys of a telephone: 0-9 * # (w waits half a second)\n"),
        (["script", WANG, "{"], "handset: the script is not JSON: "),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(network: Network, arguments: list[str], complaint: str) -> None:
    ended = handset(network, *arguments)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(complaint)
    assert ended.stderr.count("\n") == 1


def test_no_network_is_said_in_one_line() -> None:
    ended = run("joint_defense.simulator.handset", "--sim", "http://127.0.0.1:9", "show", WANG)

    assert ended.returncode == 1
    assert ended.stderr.startswith("handset: no network answers at http://127.0.0.1:9: ")
    assert ended.stderr.count("\n") == 1
