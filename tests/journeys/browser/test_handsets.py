"""The simulator's page in a browser: for eyes, fingers, ears and keyboards, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.edges.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, CHEN, LI, OURS, WANG, Carrier
from tests.journeys.browser.conftest import DESKTOP, PHONE
from tests.journeys.browser.looks import sideways, small_targets, text_sizes, violations
from tests.support.handsets import Network, eventually
from tests.support.ports import free_port

_WORDS = "王建国家求助!墙下陶村1组,桥东第1家。能来请按1,不能来请按2,到了请按3。王建国家求助!墙下陶村1组,桥东第1家。"
ALARM = f'<Gather numDigits="1" timeout="900"><Say language="cmn-CN" voice="Polly.Zhiyu">{_WORDS}</Say></Gather>'
STRANGER = "+8613900000000"
FAMILIES = {WANG: "王建国家", LI: "李大明家", CHEN: "陈小红家"}


@pytest.fixture(scope="module")
def _network() -> Iterator[Network]:
    with Network.launch(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, numbers=[OURS], speed=4) as network:
        yield network


@pytest.fixture
def network(_network: Network) -> Iterator[Network]:
    phones = [{"number": number, "household": name, "place": "桥东"} for number, name in FAMILIES.items()]
    group = {"name": "1组", "phones": [phones[0] | {"role": "leader"}, *phones[1:]]}
    _network.reset()
    _network.ask("PUT", "/sim/phone-book", {"villages": [{"code": "QX", "name": "墙下陶村", "groups": [group]}]})
    yield _network
    _network.reset()


@pytest.fixture
def carrier(network: Network) -> Carrier:
    return Carrier(network.url)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": DESKTOP, "height": 780}, locale="zh-CN")
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, network: Network) -> Iterator[Page]:
    """The page of a group. Whatever the console complains of fails the test."""
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.goto(network.url)
    yield opened
    # What could not be done is answered 409, which the browser notes as an error.
    assert [each for each in complaints if "Failed to load resource" not in each] == []


def handset(page: Page, number: str) -> Locator:
    return page.locator(f"#handset-{number[1:]}")


def button(page: Page, number: str, name: str) -> Locator:
    return handset(page, number).get_by_role("button", name=name, exact=True)


def ring(carrier: Carrier, network: Network, number: str) -> None:
    network.handset(number).script("manual")
    carrier.call(number, ALARM, Timeout="600")


def test_axe_finds_nothing_and_fingers_eyes_and_small_screens_find_enough(
    page: Page, carrier: Carrier, network: Network
) -> None:
    ring(carrier, network, LI)
    ring(carrier, network, CHEN)
    carrier.text(CHEN, "【十户联防】王建国家求助")
    network.handset(STRANGER).script("busy")
    network.handset(CHEN).wait_for_call("ringing")
    network.handset(CHEN).answer()
    network.handset(CHEN).wait_for_text()
    found = {}
    for look in ("", "view=numbers", f"number=%2B{CHEN[1:]}", "number=12", "english", "view=numbers&english"):
        page.goto(f"{network.url}/?{look}")
        if "english" in look and page.get_by_role("button", name="English").is_visible():
            page.get_by_role("button", name="English").click()
            expect(page.get_by_role("button", name="中文")).to_be_visible()
        expect(page.locator("[data-state=in_call]")).to_have_count(1)
        page.wait_for_load_state("load")
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        for width in (DESKTOP, PHONE):
            page.set_viewport_size({"width": width, "height": 780})
            small = [f"{size} px" for size, _ in text_sizes(page) if size < 18]
            found[look, width] = [*violations(page), *small_targets(page), *small, *sideways(page)]
    assert {look: wrong for look, wrong in found.items() if wrong} == {}


def test_a_ring_is_seen_answered_and_read_word_by_word_and_its_keys_do_not_move(
    page: Page, carrier: Carrier, network: Network
) -> None:
    answer = button(page, LI, "接听")
    before = handset(page, LI).locator("button.green").bounding_box()
    ring(carrier, network, LI)
    expect(handset(page, LI)).to_have_attribute("data-state", "ringing")
    expect(page.locator("#announcement")).to_have_text("响铃的话机：1")
    assert handset(page, LI).locator("button.green").bounding_box() == before

    # The page itself notes what shows in ink: whoever asks it from outside may come too late to see it grow.
    page.evaluate("""() => {
      window.inks = new Set();
      new MutationObserver(() => window.inks.add(document.querySelector(".sounding span")?.textContent ?? ""))
        .observe(document.body, {subtree: true, childList: true, characterData: true});
    }""")
    answer.click()
    line = handset(page, LI).locator(".sounding")
    expect(line.locator(".yet")).to_be_empty()
    inks = sorted(filter(None, page.evaluate("[...window.inks]")), key=len)
    assert len(inks) > 1
    assert all(later.startswith(earlier) for earlier, later in pairwise(inks))
    expect(line).to_have_text(inks[-1])

    button(page, LI, "按键 3").first.click()
    expect(handset(page, LI).locator(".screen")).to_contain_text("按了 3")
    button(page, LI, "挂断").click()
    expect(handset(page, LI).locator(".state")).to_have_text("已挂断")
    button(page, LI, "挂断").click()
    expect(handset(page, LI).get_by_role("status")).to_have_text("没有通话可以挂断。")


def test_whoever_wants_no_motion_gets_none(browser: Browser, carrier: Carrier, network: Network) -> None:
    for motion, moves in (("reduce", "none"), ("no-preference", "shake")):
        context = browser.new_context(viewport={"width": PHONE, "height": 780}, reduced_motion=motion)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(network.url)
        if motion == "reduce":
            ring(carrier, network, LI)
        shaken = handset(page, LI).locator(".screen")
        expect(handset(page, LI)).to_have_attribute("data-state", "ringing")
        assert shaken.evaluate("each => getComputedStyle(each).animationName") == moves
        assert handset(page, LI).evaluate("each => getComputedStyle(each).animationName") == "none"
        context.close()


def test_sound_comes_after_a_tap_and_a_browser_without_a_chinese_voice_says_so(
    page: Page, carrier: Carrier, network: Network
) -> None:
    page.evaluate("""() => {
      window.tones = 0;
      window.turns = 0;
      setInterval(() => { window.turns += 1; }, 1500);
      const make = AudioContext.prototype.createOscillator;
      AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };
      window.spoken = [];
      window.speechSynthesis.speak = (words) => window.spoken.push([words.text, words.lang]);
    }""")
    ring(carrier, network, LI)
    expect(handset(page, LI)).to_have_attribute("data-state", "ringing")
    before = page.evaluate("window.turns")
    # As often as the bell's own watch goes off: twice, so that its turn has certainly come.
    eventually(lambda: page.evaluate("window.turns") >= before + 2, "a bell would have sounded")
    assert page.evaluate("window.tones") == 0

    page.get_by_role("button", name="打开声音").click()
    eventually(lambda: page.evaluate("window.tones"), "it sounds")
    expect(page.get_by_text("这个浏览器没有中文语音，只响铃。")).to_be_visible()

    # A voice like that of a telephone: in the handset that was touched, and in no other.
    page.evaluate("""() => {
      window.speechSynthesis.getVoices = () => [{lang: "zh-CN", name: "小红"}];
      window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    }""")
    ring(carrier, network, CHEN)
    button(page, LI, "接听").click()
    network.handset(CHEN).wait_for_call("ringing")
    network.handset(CHEN).answer()
    network.handset(CHEN).wait_until_hears("王建国家求助")
    expect(handset(page, CHEN).locator(".screen")).to_contain_text("王建国家求助!")
    eventually(lambda: page.evaluate("window.spoken.length"), "it speaks")
    spoken = page.evaluate("window.spoken")
    assert [language for _, language in spoken] == ["zh-CN"]
    assert spoken[0][0].startswith("王建国家求助!")
    page.get_by_role("button", name="关闭声音").click()
    expect(page.get_by_role("button", name="打开声音")).to_be_visible()


def test_a_text_being_written_survives_whatever_comes_in(page: Page, carrier: Carrier, network: Network) -> None:
    handset(page, LI).locator("summary").click()
    field = handset(page, LI).get_by_label("短信内容")
    field.fill("马上")
    carrier.text(LI, "【十户联防】王建国家求助")
    network.handset(STRANGER).script("busy")
    expect(handset(page, STRANGER)).to_be_visible()
    expect(handset(page, LI).locator(".screen")).to_contain_text("王建国家求助")
    expect(field).to_be_focused()
    field.press("End")
    field.type("到")
    field.press("Enter")
    expect(handset(page, LI).locator(".screen")).to_contain_text(re.compile("发出 *马上到"))
    expect(field).to_have_value("")


def test_a_fault_is_set_and_shown_to_everybody_who_looks(page: Page, context: BrowserContext, network: Network) -> None:
    other = context.new_page()
    other.goto(f"{network.url}/?number=%2B{LI[1:]}")
    handset(page, LI).locator("summary").click()
    handset(page, LI).get_by_label("来电时").select_option("关机")
    button(page, LI, "设定").click()
    expect(handset(other, LI).get_by_label("来电时")).to_have_value("off")


def test_a_changed_number_shows_by_itself(page: Page, network: Network) -> None:
    phones = [{"number": STRANGER, "household": "李大明家"}, {"number": WANG, "household": "王建国家"}]
    book = {"villages": [{"code": "QX", "name": "墙下陶村", "groups": [{"name": "1组", "phones": phones}]}]}
    network.ask("PUT", "/sim/phone-book", book)
    expect(page.locator(".handset").first).to_have_id(f"handset-{STRANGER[1:]}")
    expect(handset(page, LI)).to_contain_text("已不在名册")


def test_a_cut_line_is_said_with_the_time_and_taken_back(browser: Browser) -> None:
    port = free_port()

    def network() -> Network:
        return Network.launch(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, numbers=[OURS], port=port)

    context = browser.new_context()
    page = context.new_page()
    with network() as first:
        page.goto(first.url)
        expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#lost")).to_have_text(re.compile(r"连接中断，正在重试。最后更新 \d\d:\d\d:\d\d"))
    expect(page.locator("#lost")).to_be_visible()
    with network():
        expect(page.locator("#lost")).to_be_hidden()
        context.close()


def test_the_page_is_walked_with_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#handsets")).to_be_focused()
    page.keyboard.press("Tab")
    assert "王建国家" in page.evaluate("document.activeElement.textContent")
    assert "solid" in str(page.evaluate("getComputedStyle(document.activeElement).outline"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "screen"
