from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from groups.models.responders import Camera
from groups.models.roster import Grid
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.closing import close, withdraw
from joint_defense.alarms.escalation.widening import widen_due
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Alert, IncidentUpdate
from joint_defense.processes import heartbeats
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, ClosingOutcome
from joint_defense.rules.timeline import UpdateKind
from joint_defense.web.board.incident import Board, read_board
from joint_defense.web.board.rules.household_state import HouseholdState
from tests.edges.web.conftest import VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import deliveries_to, full_scene, raise_from, settle_group


@pytest.fixture
def scene(store: Database) -> int:
    """An open incident with something of everything; its number."""
    with store.begin() as session:
        return full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))


def _board(store: Database, incident_id: int) -> Board:
    with store.begin() as session:
        board = read_board(session, incident_id)
    assert board is not None
    return board


def _alert(session: Session, incident_id: int) -> Alert:
    """The first household's."""
    return session.scalars(select(Alert).where(Alert.incident_id == incident_id).order_by(Alert.id).limit(1)).one()


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_every_household_stands_where_its_calls_texts_and_answer_put_it(store: Database, scene: int) -> None:
    assert [(row.household, row.state) for row in _board(store, scene).rows] == [
        ("赵阿根家", HouseholdState.UNREACHED),
        ("陈桂芳家", HouseholdState.NO_KEY),
        ("张志明家", HouseholdState.NOT_PICKED_UP),
        ("李国强家", HouseholdState.COMING),
        ("欧阳立新家", HouseholdState.ON_SCENE),
        ("吴文斌家", HouseholdState.ON_LINE),
        ("周美华家", HouseholdState.RINGING),
        ("孙德才家", HouseholdState.CANNOT),
    ], "who needs somebody's eyes, who comes, the rest; and who calls for help is no neighbour to ring"


def test_the_page_says_who_needs_help_first_behind_who_and_where(
    store: Database, scene: int, operator: Visitor
) -> None:
    with store.begin() as session:
        _alert(session, scene).first_help = "alone"
    page = operator.get(f"/incidents/{scene}").text
    head = page[page.index("incident-head") :]
    assert head.index("<h1>") < head.index('class="where"') < head.index("独居老人") < head.index('href="tel:+86138')


def test_the_figures_count_households_and_never_a_mere_pick_up_as_coming(store: Database, scene: int) -> None:
    figures = _board(store, scene).figures

    assert (figures.households, figures.rung, figures.picked_up, figures.coming, figures.on_scene) == (8, 7, 5, 2, 1)


def test_a_refresh_asks_the_database_once(store: Database, scene: int) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    _board(store, scene)

    assert len([statement for statement in asked if "FROM" in statement]) == 1


def test_the_page_says_who_calls_and_where_and_shows_every_phone(operator: Visitor, scene: int) -> None:
    page = operator.get(f"/incidents/{scene}").text
    text = _text(page)

    for words in ("王建国家、徐小红家求助", "墙下陶村3组·桥东第1家 · 门牌 1号", "着火了快来人", "拨打 138 0000 1001"):
        assert words in text
    for number in ("138 0000 1005", "138 0000 2004", "0574 8880 5255"):
        assert number in text
    assert 'href="tel:+8657488805255"' in page
    assert "号码无效（空号）" in text, "a carrier's code is told in words"


def test_what_must_not_be_overlooked_stands_first(operator: Visitor, scene: int) -> None:
    page = operator.get(f"/incidents/{scene}").text
    said = _text(page[page.index("<h1") : page.index("households-title")])
    in_order = (
        *("王建国家、徐小红家求助", "已 1 分钟", "墙下陶村3组", "正在赶来： 李国强家", "已到场： 欧阳立新家"),
        *("人手够了", "拨打110", "拨打 138 0000 1001", "运营商拒绝本系统账号：运营商账号或密码不正确"),
        *("再次呼叫所有还没赶来的住户", "1 家的电话都联系不上", "赵阿根家"),
    )
    places = [said.index(words) for words in in_order]
    assert places == sorted(places)


def test_where_nobody_comes_the_page_says_so_and_a_name_of_those_who_need_a_while_says_how_long(
    operator: Visitor, store: Database
) -> None:
    with store.begin() as session:
        settle_group(session, VILLAGE)
        now = read_clock(session)
        incident_id = raise_from(session, 1, now)
    assert "还没有人说要来" in operator.get(f"/incidents/{incident_id}").text
    with store.begin() as session:
        told = deliveries_to(session, incident_id, 3)[0]
        acknowledge(session, told, Answer.COMING, Channel.CALL, now, minutes=5)
    page = operator.get(f"/incidents/{incident_id}").text
    assert "还没有人说要来" not in page
    assert "正在赶来： 陈桂芳家 (约5分钟到)" in _text(page)


def test_a_calm_incident_has_no_banner(operator: Visitor, store: Database) -> None:
    with store.begin() as session:
        settle_group(session, VILLAGE)
        incident_id = raise_from(session, 1, read_clock(session))

    assert "banner" not in operator.get(f"/incidents/{incident_id}").text


def test_whoever_must_not_be_rung_back_is_not_offered_to_be(operator: Visitor, store: Database, scene: int) -> None:
    with store.begin() as session:
        for alert in session.query(Alert):
            alert.silent = alert.household_name == "王建国家"
    page = operator.get(f"/incidents/{scene}").text

    assert "不要回拨" in page
    assert "tel:+8613800001001" not in page
    assert "tel:+8613800001008" in page


def test_an_unchanged_page_is_not_sent_again(operator: Visitor, scene: int) -> None:
    address = re.search(r'hx-get="([^"]+)"', operator.get(f"/incidents/{scene}").text)
    assert address is not None

    answer = operator.get(address[1], headers={"HX-Request": "true"})

    assert (answer.status_code, answer.data) == (204, b"")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", answer.headers["Board-Time"])
    assert len(str(answer.headers)) < 1000


Change = Callable[[Database, int, datetime], None]


def _answered(store: Database, incident_id: int, now: datetime) -> None:
    with store.begin() as session:
        acknowledge(session, deliveries_to(session, incident_id, 3)[0], Answer.COMING, Channel.SMS, now)


def _noted(store: Database, incident_id: int, now: datetime) -> None:
    with store.begin() as session:
        note_update(session, incident_id, UpdateKind.NOTE, now, by="x", text="y")


def _rang(store: Database, incident_id: int, now: datetime) -> None:
    with store.begin() as session:
        for delivery in deliveries_to(session, incident_id, 6):
            for attempt in delivery.attempts:
                attempt.answered_at = now


@pytest.mark.parametrize("change", [_answered, _noted, _rang])
def test_whatever_changes_is_sent_at_the_next_question(
    operator: Visitor, store: Database, scene: int, change: Change
) -> None:
    address = re.search(r'hx-get="([^"]+)"', operator.get(f"/incidents/{scene}").text)
    assert address is not None
    with store.begin() as session:
        now = read_clock(session)

    change(store, scene, now)
    answer = operator.get(address[1], headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<title>")
    assert "<html" not in answer.text
    assert f"version={_board(store, scene).version}" in answer.text


def test_who_was_signed_out_meanwhile_is_led_back_to_the_page_and_not_to_a_piece_of_it(
    visitor: Visitor, scene: int
) -> None:
    answer = visitor.get(
        f"/incidents/{scene}/live?version=x",
        headers={"HX-Request": "true", "HX-Current-URL": f"http://localhost/incidents/{scene}"},
    )

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == f"/sign-in?next=/incidents/{scene}"


def test_without_a_script_the_page_reloads_itself(operator: Visitor, scene: int) -> None:
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in operator.get(f"/incidents/{scene}").text


def test_a_closed_incident_shows_how_it_ended_and_soon_stops_asking(
    operator: Visitor, store: Database, scene: int
) -> None:
    with store.begin() as session:
        close(session, scene, ClosingOutcome.HELPED, "灶台起火已扑灭", "林", read_clock(session))
    page = operator.get(f"/incidents/{scene}").text

    assert "已救助" in page
    assert "灶台起火已扑灭" in page
    assert "hx-get" in page, "the all-clears are under way"
    assert "ring-again" not in page
    assert 'role="alert"' not in page[page.index('id="live"') :]
    with store.begin() as session:
        incident = _alert(session, scene).incident
        incident.closed_at = read_clock(session) - timedelta(minutes=20)
    assert "hx-get" not in operator.get(f"/incidents/{scene}").text


def test_a_caller_who_took_it_back_is_shown_so(operator: Visitor, store: Database, scene: int) -> None:
    with store.begin() as session:
        withdraw(session, _alert(session, scene), read_clock(session))

    assert "说是误报" in operator.get(f"/incidents/{scene}").text


def test_the_timeline_tells_a_kind_it_does_not_know_and_one_that_is_not_whole(
    operator: Visitor, store: Database, scene: int
) -> None:
    with store.begin() as session:
        session.execute(
            insert(IncidentUpdate),
            [
                {"incident_id": scene, "at": read_clock(session), "kind": "drone_sent", "detail": {"height": 30}},
                {"incident_id": scene, "at": read_clock(session), "kind": "answer", "detail": {"answer": "flies"}},
            ],
        )
    text = _text(operator.get(f"/incidents/{scene}").text)

    assert "drone_sent · height: 30" in text
    assert "answer · answer: flies" in text


def test_what_people_write_is_shown_and_never_run(operator: Visitor, store: Database, scene: int) -> None:
    evil = '"><script>alert(1)</script>'
    with store.begin() as session:
        _alert(session, scene).text = evil
        note_update(session, scene, UpdateKind.NOTE, read_clock(session), by="x", text=evil)

    page = operator.get(f"/incidents/{scene}").text

    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") == 2


def test_a_village_head_sees_the_own_villages_incidents_and_no_other(
    signed_in: SignedIn, store: Database, scene: int
) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    with store.begin() as session:
        own = _alert(session, scene).incident.village_id
        _alert(session, scene).incident.village_id = own + 1

    for path in ("", "/live?version=x", "/note", "/close", "/export.json", "/export.cap.xml"):
        assert head.get(f"/incidents/{scene}{path}").status_code == 404
    for path in ("/ring-again", "/note", "/close"):
        assert head.post(f"/incidents/{scene}{path}", {"text": "x", "outcome": "helped"}).status_code == 404
    with store.begin() as session:
        _alert(session, scene).incident.village_id = own
    assert head.get(f"/incidents/{scene}").status_code == 200


def test_an_incident_that_is_not_there_is_said_so(operator: Visitor) -> None:
    answer = operator.get("/incidents/4711")

    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


def test_a_neighbourless_caller_is_shown_loudly(operator: Visitor, store: Database) -> None:
    with store.begin() as session:
        group = settle_group(session, VILLAGE)
        for household in group.households[1:]:
            household.archived_at = read_clock(session)
        group.leader_id = None
        session.flush()
        incident_id = raise_from(session, 1, read_clock(session))

    assert "没有可以呼叫的邻居" in operator.get(f"/incidents/{incident_id}").text


def test_a_page_that_stays_open_is_loaded_anew_when_the_clock_falls_silent_or_comes_back(
    operator: Visitor, scene: int
) -> None:
    address = re.search(r'hx-get="([^"]+)"', operator.get(f"/incidents/{scene}").text)
    assert address is not None
    application = operator.client.application
    database = application.extensions["database"]
    with database.begin() as session:
        for role in ("clock", "worker"):
            heartbeats.beat(session, role, role, read_clock(session))
    application.extensions["dead_man"]._looked_at -= 60

    answer = operator.get(address[1], headers={"HX-Request": "true"})

    assert (answer.status_code, answer.data, answer.headers["HX-Refresh"]) == (200, b"", "true")
    assert "~" in address[1]
    assert "~" not in re.findall(r'hx-get="([^"]+)"', operator.get(f"/incidents/{scene}").text)[0]


def test_the_page_says_how_far_it_is_widened_and_what_comes_next_when(store: Database, operator: Visitor) -> None:
    with store.begin() as session:
        opened = read_clock(session).replace(microsecond=0) - timedelta(seconds=130)
        settle_group(session, VILLAGE)
        incident_id = raise_from(session, 1, opened)
        assert widen_due(session, opened + timedelta(seconds=70), ZoneInfo("Asia/Shanghai")) == 1

    page = _text(operator.get(f"/incidents/{incident_id}").text)

    due = (opened + timedelta(seconds=120)).astimezone(ZoneInfo("Asia/Shanghai"))
    assert "人手不够，已叫更多人 下一步" in page
    assert f"下一步 {due:%H:%M:%S} 支援组 （有2户赶来就不用再叫）" in page
    assert "（0户正在赶来）" in page or "(0户正在赶来)" in page


def test_with_enough_coming_the_page_says_that_nobody_further_is_called(store: Database, operator: Visitor) -> None:
    with store.begin() as session:
        incident_id = full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))

    assert "人手够了；不足2户再叫： 联防长、副组长（再次）、村值班人员" in _text(
        operator.get(f"/incidents/{incident_id}").text
    )


def test_the_cameras_of_the_grid_stand_on_the_incidents_page(store: Database, operator: Visitor) -> None:
    with store.begin() as session:
        group = settle_group(session, VILLAGE)
        grids = [Grid(village_id=group.village_id, name=name) for name in ("第1网格", "第2网格")]
        session.add_all(grids)
        session.flush()
        group.grid_id = grids[0].id
        for name, grid in (("桥头探头", grids[0]), ("祠堂探头", grids[1])):
            session.add(Camera(village_id=group.village_id, grid_id=grid.id, name=name, landmark="大樟树下"))
        incident_id = raise_from(session, 1, read_clock(session))

    page = _text(operator.get(f"/incidents/{incident_id}").text)

    assert "本网格监控点 桥头探头 大樟树下" in page
    assert "祠堂探头" not in page
