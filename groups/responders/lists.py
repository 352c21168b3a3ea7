"""A village's grids, responders and cameras: listed, checked as typed or imported, kept through a batch, archived.

All three are lists of texts under headings: what a page's form, a file and its export have in common. What is
archived stays on record; a grid that is archived leaves its groups and cameras without one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.errors import InvalidNumber, Message, NotPossible, say
from groups.models.batch import Batch, read_values
from groups.models.responders import Camera, Responder, Team
from groups.models.roster import Grid, Group, Language
from groups.responders import on_duty
from groups.responders.on_duty import TEAM_WORDS
from groups.roster.residences import follow_the_groups
from groups.rules.phone import as_written_here, find_kind, read_called_number
from groups.rules.typed_text import NO_LINK, find_flaw, judge_name, tidy

Row = Grid | Responder | Camera
Texts = Mapping[str, str]


class Kind(StrEnum):
    """Which of the lists."""

    GRIDS = "grids"
    RESPONDERS = "responders"
    CAMERAS = "cameras"


MODELS: Mapping[Kind, type[Row]] = {Kind.GRIDS: Grid, Kind.RESPONDERS: Responder, Kind.CAMERAS: Camera}
HEADINGS: Mapping[Kind, Mapping[str, str]] = {
    Kind.GRIDS: {"name": "网格", "virtual": "类型", "groups": "联防组"},
    Kind.RESPONDERS: {
        "team": "队伍",
        "name": "姓名",
        "number": "电话",
        "hours": "值班时间",
        "reach": "通知方式",
        "language": "语言",
    },
    Kind.CAMERAS: {"name": "监控点", "landmark": "方位", "grid": "网格"},
}
"""Each list's columns, as its export heads them."""
REQUIRED = {Kind.GRIDS: ("name",), Kind.RESPONDERS: ("name", "number"), Kind.CAMERAS: ("name",)}
REACH = {"电话和短信": (True, True), "只打电话": (True, False), "只发短信": (False, True)}
LANGUAGES = {"中文": Language.CHINESE, "英文": Language.ENGLISH}
REAL, VIRTUAL = "实体", "虚拟"

_TEAMS = {
    Team.STATION: ("值班", "station", "duty"),
    Team.SECURITY: ("治保", "security"),
    Team.PATROL: ("巡", "patrol"),
    Team.GUARDS: ("企", "保卫", "保安", "公司", "guard"),
    Team.VOLUNTEERS: ("志愿", "义务", "volunteer"),
}
_BETWEEN_NAMES = re.compile(r"[、,;\n]+")


@dataclass
class Checked:
    """What a row comes to: the columns' values, and what is wrong by field. `groups` is of a grid only.

    `told` is what was left out of a cell, or guessed.
    """

    values: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Message] = field(default_factory=dict)
    told: list[Message] = field(default_factory=list)
    groups: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """How local numbers are read."""

    region: str
    area_code: str
    countries: tuple[str, ...] = ()
    """The countries that are called; empty: any."""


def list_rows(session: Session, kind: Kind, village_id: int | None) -> list[Row]:
    """A village's rows of a list; responders without a village are the town's centre's."""
    model: Any = MODELS[kind]
    whose = model.village_id.is_(None) if village_id is None else model.village_id == village_id
    return list(session.scalars(select(model).where(whose, model.archived_at.is_(None)).order_by(model.id)))


@dataclass(frozen=True, slots=True)
class ListOnRecord:
    """A list as it stands, with what its rows may name: the village's grids and groups, by name."""

    kind: Kind
    village_id: int | None
    rows: Mapping[str, Row]
    grids: Mapping[str, int]
    groups: Mapping[str, Group]

    def make_key_of_row(self, checked: Checked) -> str:
        """What tells a row from the others: its number, or its name."""
        found: str = checked.values.get(_name_key(self.kind), "")
        return found

    def find_twin(self, checked: Checked) -> Row | None:
        """The row of the list that is the same one."""
        return self.rows.get(self.make_key_of_row(checked))

    def groups_of(self, grid: Row) -> set[int]:
        """The groups that are in this grid."""
        return {group.id for group in self.groups.values() if group.grid_id == grid.id}

    def says_the_same(self, other: ListOnRecord) -> bool:
        """Whether a row judged against the other list comes to the same against this one."""
        return self._tell() == other._tell()

    def _tell(self) -> object:
        rows = {key: read_values(row) for key, row in self.rows.items()}
        return rows, self.grids, {name: (group.id, group.grid_id) for name, group in self.groups.items()}


def read_list(session: Session, kind: Kind, village_id: int | None) -> ListOnRecord:
    """A village's list as it stands now; without a village the town's centre's."""
    rows = {getattr(row, _name_key(kind)): row for row in list_rows(session, kind, village_id)}
    if village_id is None:
        return ListOnRecord(kind, None, rows, {}, {})
    grids = {grid.name: grid.id for grid in list_rows(session, Kind.GRIDS, village_id) if isinstance(grid, Grid)}
    return ListOnRecord(
        kind, village_id, rows, grids, {group.name: group for group in list_groups(session, village_id)}
    )


def _name_key(kind: Kind) -> str:
    return "number" if kind is Kind.RESPONDERS else "name"


def hold_row(session: Session, kind: Kind, village_id: int | None, row_id: int) -> Row:
    """A row of the village's list, held until the transaction ends. Raises NotPossible where it is not on it."""
    model: Any = MODELS[kind]
    row: Row | None = session.get(model, row_id, with_for_update={"key_share": True}, populate_existing=True)
    if row is None or row.village_id != village_id or row.archived_at is not None:
        raise NotPossible(say("not_on_the_list_any_more"))
    return row


def write_texts(session: Session, row: Row, region: str) -> dict[str, str]:
    """A row as a form or an export shows it, by field."""
    if isinstance(row, Responder):
        reach = next((word for word, ways in REACH.items() if ways == (row.may_call, row.may_text)), "电话和短信")
        return {
            "team": TEAM_WORDS[row.team][0],
            "name": row.name,
            "number": as_written_here(row.number, region),
            "hours": row.hours or on_duty.ALWAYS,
            "reach": reach,
            "language": "英文" if row.language is Language.ENGLISH else "中文",
        }
    if isinstance(row, Camera):
        grid = session.get(Grid, row.grid_id) if row.grid_id is not None else None
        return {"name": row.name, "landmark": row.landmark, "grid": grid.name if grid is not None else ""}
    names = (group.name for group in list_groups(session, row.village_id) if group.grid_id == row.id)
    return {"name": row.name, "virtual": VIRTUAL if row.virtual else REAL, "groups": "、".join(names)}


def list_groups(session: Session, village_id: int) -> list[Group]:
    """The village's groups in their order."""
    of_village = select(Group).where(Group.village_id == village_id, Group.archived_at.is_(None))
    return list(session.scalars(of_village.order_by(Group.position, Group.id)))


def check(on_record: ListOnRecord, texts: Texts, here: Region) -> Checked:
    """What somebody typed or a file has, judged field by field."""
    checked = Checked()
    name = tidy(texts.get("name", ""))
    if wrong := judge_name(name, say("watch_name_length")):
        checked.wrong["name"] = wrong
    checked.values["name"] = name
    if on_record.kind is Kind.RESPONDERS:
        _check_responder(checked, texts, here)
    elif on_record.village_id is None:
        raise NotPossible(say("only_responders_are_the_towns"))
    elif on_record.kind is Kind.CAMERAS:
        _check_camera(checked, on_record.grids, texts)
    else:
        _check_grid(checked, on_record.groups, texts)
    return checked


def find_team(text: str) -> Team | None:
    """The team that a text names: 巡逻队, 治保."""
    plain = text.lower()
    return next((each for each, words in _TEAMS.items() if any(word in plain for word in words)), None)


def _check_responder(checked: Checked, texts: Texts, here: Region) -> None:
    team = tidy(texts.get("team", ""))
    found = find_team(team)
    if team and found is None:
        known = tuple(chinese for chinese, _ in TEAM_WORDS.values())
        checked.wrong["team"] = say("no_such_team", known=known)
    number = ""
    try:
        number = read_called_number(texts.get("number", ""), here.region, here.area_code, here.countries).e164
    except InvalidNumber as error:
        checked.wrong["number"] = error.message
    reach = tidy(texts.get("reach", ""))
    ways = REACH.get(reach) or ((False, True) if "只" in reach and "短信" in reach else (True, "只" not in reach))
    hours = ""
    try:
        hours = on_duty.write(on_duty.read(texts.get("hours", "")))
    except on_duty.NoDutyHours as error:
        checked.wrong["hours"] = say("no_duty_hours", text=str(error)[:40])
    if len(hours) > on_duty.LONGEST:
        checked.wrong["hours"] = say("duty_hours_too_long")
    landline = bool(number) and find_kind(number) == "landline"
    checked.values |= {
        "team": found or Team.SECURITY,
        "number": number,
        "hours": hours,
        "may_call": ways[0] or landline,
        "may_text": ways[1] and not landline,
        "language": LANGUAGES.get(tidy(texts.get("language", "")) or "中文", Language.ENGLISH),
    }


def _check_camera(checked: Checked, grids: Mapping[str, int], texts: Texts) -> None:
    landmark = tidy(texts.get("landmark", ""))
    if flaw := find_flaw(landmark):
        checked.wrong["landmark"] = NO_LINK if flaw == "link" else say("landmark_too_long")
    grid = tidy(texts.get("grid", ""))
    if grid and grid not in grids:
        checked.wrong["grid"] = say("no_such_grid", grid=grid[:30])
    checked.values |= {"landmark": landmark, "grid_id": grids.get(grid)}


def _check_grid(checked: Checked, known: Mapping[str, Group], texts: Texts) -> None:
    virtual = tidy(texts.get("virtual", "")).lower()
    checked.values["virtual"] = virtual in {VIRTUAL, "是", "virtual", "1"}
    if "groups" not in texts:
        return
    named = [tidy(name) for name in _BETWEEN_NAMES.split(texts["groups"].replace("，", ",")) if tidy(name)]
    strange = [name for name in named if name not in known]
    if strange:
        checked.wrong["groups"] = say("no_such_group", group=strange[0][:30])
    checked.groups = tuple(known[name].id for name in named if name in known)


def keep(batch: Batch, on_record: ListOnRecord, row: Row | None, checked: Checked) -> Row:
    """A new row, or other values for one. Raises NotPossible where number or name stand on the list already."""
    twin = on_record.find_twin(checked)
    if twin is not None and (row is None or twin.id != row.id):
        raise NotPossible(say("on_the_list_already", name=twin.name))
    if row is None:
        row = batch.add(MODELS[on_record.kind](village_id=on_record.village_id, **checked.values))
    else:
        batch.change(row, **checked.values)
    if checked.groups is not None and isinstance(row, Grid):
        _put_groups(batch, row, checked.groups)
    return row


def keep_all(batch: Batch, on_record: ListOnRecord, rows: Sequence[Checked]) -> None:
    """Many rows at once, each new or with other values for the one that it is."""
    twins = [on_record.find_twin(checked) for checked in rows]
    model = MODELS[on_record.kind]
    new = [
        {"village_id": on_record.village_id, **checked.values}
        for checked, twin in zip(rows, twins, strict=True)
        if twin is None
    ]
    batch.change_all(model, {twin.id: checked.values for checked, twin in zip(rows, twins, strict=True) if twin})
    made = iter(batch.add_all(model, new))
    if on_record.kind is Kind.GRIDS:
        grids = [twin.id if twin else next(made) for twin in twins]
        its = {group: grid for checked, grid in zip(rows, grids, strict=True) for group in checked.groups or ()}
        silent = {grid for checked, grid in zip(rows, grids, strict=True) if checked.groups is None}
        _move_groups(batch, on_record, its, set(grids) - silent)


def _move_groups(batch: Batch, on_record: ListOnRecord, its: Mapping[int, int], grids: set[int]) -> None:
    """Put groups into their grids; those of these grids that are in none any more have none."""
    moved = {
        group.id: {"grid_id": its.get(group.id)}
        for group in on_record.groups.values()
        if group.id in its or group.grid_id in grids
    }
    if batch.change_all(Group, moved):
        follow_the_groups(batch, list(moved))


def _put_groups(batch: Batch, grid: Grid, group_ids: Sequence[int]) -> None:
    changed = []
    for group in list_groups(batch.session, grid.village_id):
        its = grid.id if group.id in group_ids else None
        if (its or group.grid_id == grid.id) and batch.change(group, grid_id=its):
            changed.append(group.id)
    follow_the_groups(batch, changed)


def archive(batch: Batch, row: Row) -> None:
    """Take a row off its list; it stays on record."""
    if isinstance(row, Grid):
        _put_groups(batch, row, ())
        cameras = select(Camera).where(Camera.grid_id == row.id, Camera.archived_at.is_(None))
        for camera in batch.session.scalars(cameras).all():
            batch.change(camera, grid_id=None)
    batch.change(row, archived_at=batch.now)
