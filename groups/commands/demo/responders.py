"""Who watches over the demo town: duty phones, security, patrols, guards and volunteers; 116 cameras; its centre."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from groups.models.responders import Team

CAMERAS = 116
_PEOPLE = (
    (Team.SECURITY, "何建平", "每天 06:00-18:00"),
    (Team.SECURITY, "郭振华", "每天 18:00-06:00"),
    (Team.PATROL, "罗国庆", "周一至周五 18:00-24:00"),
    (Team.PATROL, "梁志强", "周六、周日 全天"),
    (Team.GUARDS, "宋卫东", "周一至周五 08:00-18:00"),
    (Team.VOLUNTEERS, "唐秀英", ""),
)
_SPOTS = ("村口", "桥头", "祠堂前", "小学门口", "停车场", "菜场")


def draw_responders(villages: Sequence[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    """Rows for the villages (id, name), and for the town's centre. Numbers that the demo's households do not have."""
    yield _make_row(None, Team.STATION, "镇社会服务管理中心值班室", "+8657488000001", "")
    for place, (village_id, name) in enumerate(villages, start=1):
        yield _make_row(village_id, Team.STATION, f"{name}值班室", f"+86574880001{place:02}", "")
        for person, (team, person_name, hours) in enumerate(_PEOPLE, start=1):
            yield _make_row(village_id, team, person_name, f"+861980000{place:02}{person:02}", hours)


def draw_cameras(villages: Sequence[tuple[int, Sequence[int]]]) -> Iterator[dict[str, Any]]:
    """Camera places for the villages (id, its grids' ids), as many as the town has, spread evenly."""
    for number in range(CAMERAS):
        village_id, grids = villages[number % len(villages)]
        turn = number // len(villages)
        spot = _SPOTS[turn % len(_SPOTS)]
        yield {
            "village_id": village_id,
            "grid_id": grids[turn % len(grids)],
            "name": f"{turn + 1}号监控",
            "landmark": spot,
        }


def _make_row(village_id: int | None, team: Team, name: str, number: str, hours: str) -> dict[str, Any]:
    landline = number.startswith("+86574")
    return {
        "village_id": village_id,
        "team": team,
        "name": name,
        "number": number,
        "hours": hours,
        "may_text": not landline,
    }
