"""The network's page without a browser: what it shows, what its forms do, who may use them, and its live events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

from joint_defense.simulator.page.words import WORDS, find_word
from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import CHEN, LI, WANG, Carrier
from tests.support.handsets import Network, NetworkError, answers, eventually

PAGE = Path(__file__).parents[3] / "joint_defense/simulator/page"
LANDLINE = "+8657488120001"
STRANGER = "+8613900000000"
ALARM = '<Gather numDigits="1" timeout="900"><Say language="cmn-CN" voice="Polly.Zhiyu">王建国家求助！</Say></Gather>'


def phone(number: str, household: str, **more: str) -> dict[str, str]:
    return {"number": number, "household": household} | more


def village(code: str, name: str, *groups: tuple[str, list[dict[str, str]]]) -> dict[str, Any]:
    return {"code": code, "name": name, "groups": [{"name": group, "phones": phones} for group, phones in groups]}


class Visitor:
    """A browser without scripts: it reads pages and sends their forms."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def open(self, query: str = "") -> str:
        response = self.session.get(f"{self.url}/?{query}", timeout=30)
        assert response.status_code == 200
        return response.text

    def use(self, number: str, doing: str, back: str = "", **form: str) -> str:
        """Press a button; the page that follows."""
        response = self.session.post(f"{self.url}/handsets/{number}/{doing}", data=form | {"back": back}, timeout=30)
        assert response.status_code == 200, response.text
        assert response.history[0].status_code == 303
        return response.text

    def card(self, number: str, query: str = "") -> str:
        """What stands on a handset, without its tags."""
        found = re.search(f'<li class="handset" id="handset-{number[1:]}".*?</li>', self.open(query), re.DOTALL)
        assert found, f"{number} is not to be seen"
        return " ".join(unescape(re.sub("<[^>]+>", " ", found[0])).split())

    def shown(self, query: str = "") -> list[str]:
        return re.findall(r'data-number="([^"]+)"', self.open(query))


@pytest.fixture
def visitor(network: Network) -> Visitor:
    network.ask(
        "PUT",
        "/sim/phone-book",
        {
            "villages": [
                village(
                    "QX",
                    "墙下陶村",
                    (
                        "1组",
                        [
                            phone(WANG, "王建国家", place="桥东第2家", role="leader"),
                            phone(LANDLINE, "赵德才家", kind="landline"),
                        ],
                    ),
                    ("2组", [phone(LI, "李大明家")]),
                ),
                village("SH", "石湖社区", ("1组", [phone(CHEN, "陈小红<家>")])),
            ]
        },
    )
    return Visitor(network.url)


def test_a_village_and_a_group_are_picked(visitor: Visitor) -> None:
    assert visitor.shown() == visitor.shown("village=QX&group=1") == [WANG, LANDLINE]
    assert visitor.shown("village=QX&group=2") == [LI]
    assert visitor.shown("village=SH&group=1") == [CHEN]
    # What is not there, or makes no sense, leads to the first.
    assert visitor.shown("village=SH&group=9") == [CHEN]
    assert visitor.shown("village=nowhere&group=-1") == [WANG, LANDLINE]
    assert "王建国家 +86 138 0574 0001 联防长 桥东第2家" in visitor.card(WANG)
    assert "赵德才家 +86 574 8812 0001 固话" in visitor.card(LANDLINE)
    assert "陈小红&lt;家&gt;" in visitor.open("village=SH&group=1")


def test_numbers_only_shows_no_names(visitor: Visitor) -> None:
    card = visitor.card(WANG, "view=numbers")
    assert card == "+86 138 0574 0001 空闲 接听 拨打 挂断 # 9 求助"


def test_help_is_called_with_one_tap_and_read_word_by_word(visitor: Visitor, application: Application) -> None:
    application.says(
        "/voice",
        '<Gather numDigits="2" finishOnKey="" action="/keys"><Say language="cmn-CN">紧急求助请按井号9。</Say></Gather>',
    )
    application.says("/keys", '<Say language="cmn-CN">求助已收到，马上呼叫9户邻居。</Say><Pause length="900"/>')

    visitor.use(WANG, "help")
    application.wait_for("/keys")
    eventually(lambda: "求助已收到，马上呼叫9户邻居。" in visitor.card(WANG), "the answer stands on the screen")

    assert application.at("/keys")[0].form["Digits"] == "#9"
    card = visitor.card(WANG)
    assert "通话中 打给 +86 574 8888 9999 紧急求助请按井号9。 求助已收到" in card
    assert "按了 #9" in card
    visitor.use(WANG, "hangup")
    assert "已挂断" in visitor.card(WANG)


def test_a_call_is_answered_keys_are_pressed_and_it_is_hung_up(
    visitor: Visitor, carrier: Carrier, network: Network
) -> None:
    visitor.use(WANG, "behave", behaviour="by_hand")
    call = carrier.call(WANG, ALARM, Timeout="600")
    network.handset(WANG).wait_for_call("ringing")
    assert "来电 来电 +86 574 8888 9999" in visitor.card(WANG)

    visitor.use(WANG, "answer")
    eventually(lambda: "王建国家求助！" in visitor.card(WANG), "the alarm is read")
    visitor.use(WANG, "press", digits="1")
    assert network.handset(WANG).wait_for_call("completed").pressed == ("1",)
    assert carrier.fetch(call)["status"] == "completed"

    carrier.call(WANG, ALARM, Timeout="600")
    network.handset(WANG).wait_for_call("ringing", nth=2)
    visitor.use(WANG, "hangup")
    assert network.handset(WANG).wait_for_call("busy", nth=2)
    assert "占线" in visitor.card(WANG)


def test_texts_are_written_and_read(
    visitor: Visitor, carrier: Carrier, network: Network, application: Application
) -> None:
    application.says("/sms", "<Message>谢谢，已记下您正赶往王建国家。</Message>")
    carrier.text(WANG, "【十户联防】王建国家求助")
    network.handset(WANG).wait_for_text("求助")

    visitor.use(WANG, "text", body=" 马上到 ")
    network.handset(WANG).wait_for_text("谢谢")

    assert application.at("/sms")[0].form["Body"] == " 马上到 "
    assert "收到 【十户联防】王建国家求助 发出 马上到 收到 谢谢，已记下您正赶往王建国家。" in visitor.card(WANG)


@pytest.mark.parametrize(
    ("behaviour", "ends", "words"),
    [
        ("busy", "busy", "占线，未响铃"),
        ("off", "no-answer", "关机，未响铃"),
        ("no_answer", "no-answer", "未接来电"),
        ("voicemail", "completed", "语音信箱接了"),
        ("no_such_number", "failed", "打不通"),
        ("comes", "completed", "按了 1"),
        ("cannot_come", "completed", "按了 2"),
        ("listens_only", "completed", "已挂断"),
    ],
)
def test_a_handset_behaves_as_it_is_set(
    visitor: Visitor, carrier: Carrier, network: Network, behaviour: str, ends: str, words: str
) -> None:
    page = visitor.use(WANG, "behave", behaviour=behaviour)
    assert f'<option value="{behaviour}" selected>' in page
    carrier.call(WANG, ALARM, Timeout="20")
    network.handset(WANG).wait_for_call(ends)
    assert words in visitor.card(WANG)


def test_what_a_demonstration_has_arranged_is_said(visitor: Visitor, network: Network) -> None:
    network.handset(WANG).script(answers("3", after=7))
    assert '<option value="scripted" selected disabled>按演示的安排' in visitor.open()


@pytest.mark.parametrize(
    ("doing", "form", "said"),
    [
        ("hangup", {}, "in_no_call"),
        ("press", {"digits": "1"}, "call_first"),
        ("press", {"digits": "x"}, "no_such_key"),
        ("press", {}, "no_such_key"),
        ("text", {"body": "  "}, "empty_text"),
        ("text", {"body": "救" * 501}, "long_text"),
        ("behave", {"behaviour": "dance"}, "unknown_action"),
        ("dance", {}, "unknown_action"),
    ],
)
def test_what_cannot_be_done_is_said_in_both_languages(
    visitor: Visitor, network: Network, doing: str, form: dict[str, str], said: str
) -> None:
    assert f'role="status">{find_word(said, "zh")}</p>' in visitor.use(WANG, doing, "village=QX&group=1", **form)
    response = visitor.session.post(
        f"{network.url}/handsets/{WANG}/{doing}",
        data=form,
        headers={"Accept": "application/json", "Cookie": "language=en"},
        timeout=30,
    )
    assert (response.status_code, response.json()) == (409, {"said": find_word(said, "en")})


def test_keys_that_do_not_fit_the_moment_are_explained(visitor: Visitor, carrier: Carrier, network: Network) -> None:
    visitor.use(WANG, "behave", behaviour="by_hand")
    carrier.call(WANG, ALARM, Timeout="600")
    network.handset(WANG).wait_for_call("ringing")
    assert find_word("rings_now", "zh") in visitor.use(WANG, "help")
    assert find_word("rings_now", "zh") in visitor.use(WANG, "press", digits="1")
    visitor.use(WANG, "answer")
    assert find_word("in_call_already", "zh") in visitor.use(WANG, "answer")


def test_any_number_is_a_handset_too(visitor: Visitor, network: Network, application: Application) -> None:
    application.says("/voice", '<Say language="cmn-CN">本号码不在名册里。</Say><Pause length="900"/>')
    for typed in (STRANGER.replace("+", "%2B"), STRANGER[1:], " 861390000 0000"):
        assert visitor.shown(f"number={typed}") == [STRANGER]
    assert 'aria-invalid="true"' in visitor.open("number=12")

    visitor.use(STRANGER, "answer", f"number=%2B{STRANGER[1:]}")
    eventually(lambda: "本号码不在名册里。" in visitor.card(STRANGER), "the stranger hears it")

    # It stands below every group from now on.
    assert visitor.shown("village=SH&group=1") == [CHEN, STRANGER]
    assert "名单外的号码" in visitor.card(STRANGER)


def test_a_number_that_left_the_list_can_still_be_used(visitor: Visitor, network: Network) -> None:
    network.ask(
        "PUT",
        "/sim/phone-book",
        {
            "villages": [
                village("QX", "墙下陶村", ("1组", [phone(STRANGER, "王建国家"), phone(LANDLINE, "赵德才家")])),
                village("SH", "石湖社区", ("1组", [phone(CHEN, "陈小红家"), phone(LI, "李大明家")])),
            ]
        },
    )
    assert visitor.shown("village=QX&group=1") == [STRANGER, LANDLINE, WANG]
    assert "已不在名册" in visitor.card(WANG)
    # Whoever has moved to another group has not left.
    assert visitor.shown("village=SH&group=1") == [CHEN, LI]


@pytest.mark.parametrize(
    ("book", "complaint"),
    [
        ([], "the phone book: an object is needed"),
        ({"villages": 1}, "villages must be a list"),
        ({"villages": [{"code": "A", "groups": []}]}, "a village: name must be a text"),
        ({"villages": [village("A", "A", ("1", [phone("110", "x")]))]}, "110 is not a telephone number in E.164"),
        (
            {"villages": [village("A", "A", ("1", [phone(WANG, "x", kind="fax")]))]},
            "a phone: kind is mobile or landline",
        ),
        ({"villages": [village("A", "A", ("1", [phone(WANG, "x", owner="y")]))]}, "a phone: owner is not known"),
    ],
)
def test_a_phone_book_that_cannot_be_read_changes_nothing(
    visitor: Visitor, network: Network, book: Any, complaint: str
) -> None:
    with pytest.raises(NetworkError, match=complaint):
        network.ask("PUT", "/sim/phone-book", book)
    assert visitor.shown() == [WANG, LANDLINE]


def test_a_phone_book_may_be_as_large_as_a_town(visitor: Visitor, network: Network) -> None:
    phones = [phone(f"+86138{number:08}", "王建国家") for number in range(12_000)]
    given = {"villages": [village("A", "A", *((f"{at}组", phones[at : at + 10]) for at in range(0, 12_000, 10)))]}
    assert len(json.dumps(given)) > 256 * 1024
    assert network.ask("PUT", "/sim/phone-book", given) == {"phones": 12_000}
    assert len(visitor.shown("village=A&group=1200")) == 10


def test_the_language_is_kept_and_leads_back_to_the_same_handsets_only(visitor: Visitor, network: Network) -> None:
    def choose(language: str, back: str) -> requests.Response:
        form = {"language": language, "back": back}
        return visitor.session.post(f"{network.url}/language", data=form, timeout=30, allow_redirects=False)

    chosen = choose("en", "village=QX&group=2&next=https://evil.example")
    assert chosen.headers["Location"] == "/?village=QX&group=2"
    assert "SameSite=Lax" in chosen.headers["Set-Cookie"]
    assert '<html lang="en">' in visitor.open()
    assert "leader" in visitor.card(WANG)
    choose("zh", "")
    assert '<html lang="zh-CN">' in visitor.open()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_can_use_no_handset(visitor: Visitor, network: Network, headers: dict[str, str]) -> None:
    for path in (f"/handsets/{WANG}/help", "/language"):
        assert requests.post(network.url + path, headers=headers, timeout=30, proxies={"http": ""}).status_code == 403
    assert network.handset(WANG).calls == []


def test_a_name_that_leads_here_from_elsewhere_sees_nothing(visitor: Visitor, network: Network) -> None:
    for path in ("/", "/live", "/sim/handsets"):
        response = requests.get(network.url + path, headers={"Host": "evil.example"}, timeout=30, proxies={"http": ""})
        assert response.status_code == 403


def test_the_page_lets_no_other_script_in_and_carries_none_inline(visitor: Visitor, network: Network) -> None:
    response = visitor.session.get(network.url, timeout=30)
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert re.findall(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", response.text) == []
    for name in ("page.css", "page.js", "icons.svg"):
        assert visitor.session.get(f"{network.url}/static/{name}", timeout=30).status_code == 200
    assert visitor.session.get(f"{network.url}/static/../words.py", timeout=30).status_code == 404


def test_a_group_of_thirty_telephones_is_light_to_load(visitor: Visitor, network: Network) -> None:
    phones = [phone(f"+86138057400{at:02}", "王建国家", place="桥东第2家") for at in range(30)]
    network.ask("PUT", "/sim/phone-book", {"villages": [village("QX", "墙下陶村", ("1组", phones))]})
    weight = 0
    for path in ("/", "/static/page.css", "/static/page.js", "/static/icons.svg"):
        with visitor.session.get(network.url + path, timeout=30, stream=True) as response:
            assert "Content-Encoding" in response.headers
            weight += len(response.raw.read(decode_content=False))
    assert weight <= 80_000


def test_without_scripts_a_group_reloads_itself_and_a_handset_alone_does_not(visitor: Visitor) -> None:
    assert '<noscript><meta http-equiv="refresh"' in visitor.open()
    # Somebody may be writing a text there.
    assert "http-equiv" not in visitor.open(f"number=%2B{WANG[1:]}")


@contextmanager
def watching(network: Network, query: str = "") -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """The page's live events, as (kind, what)."""
    page = requests.get(f"{network.url}/?{query}", timeout=30, proxies={"http": ""}).text
    query += "&version=" + re.findall(r'data-version="(\w+)"', page)[0]
    with requests.get(f"{network.url}/live?{query}", stream=True, timeout=30, proxies={"http": ""}) as stream:

        def events() -> Iterator[tuple[str, dict[str, Any]]]:
            kind = ""
            for line in stream.iter_lines(chunk_size=1):
                text = line.decode()
                kind = text.removeprefix("event: ") if text.startswith("event: ") else kind
                if text.startswith("data: "):
                    yield kind, json.loads(text.removeprefix("data: "))

        yield events()


def test_changes_come_as_they_happen_a_screen_at_a_time(visitor: Visitor, carrier: Carrier, network: Network) -> None:
    with watching(network, "village=QX&group=1") as events:
        # First everything as it is: whoever was cut off has missed nothing.
        assert {next(events)[1]["number"], next(events)[1]["number"]} == {WANG, LANDLINE}
        network.handset(WANG).script(answers(hang_up_after=90))
        carrier.call(LI, ALARM)
        carrier.call(WANG, ALARM)
        told = []
        for kind, what in events:
            told.append((kind, what))
            if kind == "screen" and what["state"] == "idle" and "已挂断" in what["html"]:
                break
    states = [what["state"] for kind, what in told if kind == "screen"]
    changes = [state for place, state in enumerate(states) if state != states[place - 1] or not place]
    assert changes[-3:] == ["ringing", "in_call", "idle"]
    assert [what for kind, what in told if kind == "heard"] == [
        {"number": WANG, "text": "王建国家求助！", "language": "zh-CN"}
    ]
    assert {what["number"] for _, what in told} == {WANG}


def test_who_is_to_be_seen_is_told_too(visitor: Visitor, network: Network) -> None:
    with watching(network, "village=QX&group=1") as events:
        next(events), next(events)
        network.handset(STRANGER).script("busy")
        assert next(events) == ("people", {})
        assert next(events)[1]["number"] == STRANGER
        network.ask(
            "PUT", "/sim/phone-book", {"villages": [village("QX", "墙下陶村", ("1组", [phone(LI, "李大明家")]))]}
        )
        assert next(events) == ("people", {})


def test_every_string_stands_in_both_languages_and_is_used() -> None:
    for key, (chinese, english) in WORDS.items():
        assert re.search(r"[\u4e00-\u9fff]", chinese.replace("English", "中")), key
        assert english.strip(), key
        assert not re.search(r"[\u4e00-\u9fff]", english.replace("中文", "")), key
    sources = "".join(each.read_text() for each in (*PAGE.glob("*.py"), *PAGE.glob("templates/*.html")))
    sources = sources.replace((PAGE / "words.py").read_text(), "")
    named = set(re.findall(r"""[(\s{]w\("(\w+)"\)""", sources))
    assert named <= set(WORDS)
    by_value = {"idle", "ringing", "dialing", "in_call", "leader", "deputy"}
    assert [key for key in WORDS if f'"{key}"' not in sources and key not in by_value] == []
