"""A second list after the first: what it does not say stays, and a list of another village is known for one."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from config.database import Database
from groups.errors import ConfirmArchive
from groups.errors.words import write_both
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.roster import Village
from groups.roster.imports.apply import apply, judge_list, write_confirmation
from groups.roster.imports.reading import read_list
from groups.roster.imports.rules.judgement import Judgement
from groups.roster.villages import read_roster

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
BY = Author("clerk", Source.COMMAND)
FIRST = """组别,门牌号,户主,手机,固话,备用手机
1组,1-1,王甲建,19900000001,88000001,19900000011
1组,1-2,李乙明,19900000002,,19900000012
2组,2-1,张丙华,19900000003,88000003,
2组,2-2,陈丁国,19900000004,,
"""
Row = tuple[str, str, str, tuple[str, ...]]
WANG: Row = ("1组", "1-1", "王甲建", ("19900000001", "88000001", "19900000011"))
LI: Row = ("1组", "1-2", "李乙明", ("19900000002", "19900000012"))
ZHANG: Row = ("2组", "2-1", "张丙华", ("19900000003", "88000003"))
CHEN: Row = ("2组", "2-2", "陈丁国", ("19900000004",))
STANDING = [WANG, LI, ZHANG, CHEN]


def bring(database: Database, village: int, text: str, *, once_more: bool = False) -> Judgement:
    with database.begin() as session:
        of = session.get_one(Village, village)
        judgement = judge_list(session, of, read_list(text.encode(), "list.csv").rows, "CN", "574")
        apply(session, of, judgement, BY, NOW, ZONE, once_more=once_more)
    return judgement


def village_of(database: Database, code: str, text: str) -> int:
    with database.begin() as session:
        made = Village(code=code, name=f"{code}村")
        session.add(made)
        session.flush()
        number = made.id
    bring(database, number, text)
    return number


def roster(database: Database, village: int) -> list[Row]:
    with database.begin() as session:
        return [
            (one.group, one.door, one.head, tuple(_as_dialled(phone) for phone in one.phones))
            for one in read_roster(session, village)
        ]


def _as_dialled(e164: str) -> str:
    return e164.removeprefix("+86").removeprefix("574")


def changed(row: Row, **said: object) -> Row:
    """The household with something of it changed."""
    group, door, head, phones = (
        said.get(name, value) for name, value in zip(("group", "door", "head", "phones"), row, strict=True)
    )
    return (str(group), str(door), str(head), tuple(phones))  # type: ignore[arg-type]


SILENT: dict[str, tuple[str, list[Row]]] = {
    "no column of landlines and spares": (
        "组别,门牌号,户主,手机\n1组,1-1,王甲建,19900000001\n1组,1-2,李乙明,19900000002\n",
        STANDING,
    ),
    "a new mobile, no column of landlines": (
        "组别,门牌号,户主,手机\n1组,1-1,王甲建,19900000021\n",
        [changed(WANG, phones=("19900000021", "88000001", "19900000011")), LI, ZHANG, CHEN],
    ),
    "no column of groups": (
        "门牌号,户主,手机\n1-1,王甲建,19900000001\n2-1,张丙华,19900000003\n",
        STANDING,
    ),
    "no column of doors": (
        "组别,户主,手机\n1组,王甲建,19900000001\n2组,陈丁国,19900000024\n",
        [WANG, LI, ZHANG, changed(CHEN, phones=("19900000024",))],
    ),
    "names and numbers alone": (
        "户主,手机\n王甲建,19900000001\n李乙明,19900000022\n",
        [WANG, changed(LI, phones=("19900000022", "19900000012")), ZHANG, CHEN],
    ),
    "an empty cell of a mobile": (
        "组别,门牌号,户主,手机\n1组,1-1,王甲建,\n1组,1-2,李乙明,19900000002\n",
        STANDING,
    ),
    "a cell that nobody can read": (
        "组别,门牌号,户主,手机\n1组,1-1,王甲建,1990000000\n2组,2-2,陈丁国,1.99E+10\n",
        STANDING,
    ),
    "a door that a spreadsheet took for a day": (
        "组别,门牌号,户主,手机\n1组,1月1日,王甲建,19900000001\n1组,1月2日,李乙明,19900000002\n2组,2月1日,张丙华,19900000003\n",
        STANDING,
    ),
    "groups written otherwise": (
        "组别,门牌号,户主,手机\n第一组,1-1,王甲建,19900000001\n第二组,2-1,张丙华,19900000003\n",
        STANDING,
    ),
    "one group alone, with somebody new": (
        "组别,门牌号,户主,手机\n2组,2-1,张丙华,19900000003\n2组,2-3,赵戊强,19900000005\n",
        [*STANDING, ("2组", "2-3", "赵戊强", ("19900000005",))],
    ),
    "empty cells of landlines and spares": (
        "组别,门牌号,户主,手机,固话,备用手机\n1组,1-1,王甲建,19900000001,,\n1组,1-2,李乙明,19900000022,/,\n"
        "2组,2-1,张丙华,19900000003,88000003,\n",
        [WANG, changed(LI, phones=("19900000022", "19900000012")), ZHANG, CHEN],
    ),
    "numbers that nobody knows": (
        "组别,门牌号,户主,手机,固话\n1组,1-1,王甲建,不详,\n1组,1-2,李乙明,19900000002,暂无\n2组,2-1,张丙华,,待补\n",
        STANDING,
    ),
    "a landline that is said to be none": (
        "组别,门牌号,户主,手机,固话\n1组,1-1,王甲建,19900000001,无\n2组,2-1,张丙华,19900000003,88000003\n",
        [changed(WANG, phones=("19900000001", "19900000011")), LI, ZHANG, CHEN],
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_what_a_list_does_not_say_stays(name: str, database: Database) -> None:
    village = village_of(database, "C01", FIRST)
    text, right = SILENT[name]
    bring(database, village, text)
    assert roster(database, village) == right


NAMES = "王李张陈林周吴郑孙钱冯许"


def listed(numbers: int, *, heads: str = NAMES, doors: int = 1, heading: str = "组别,门牌号,户主,手机") -> str:
    rows = [f"1组,{doors}-{at},{name}建国,1990000{numbers + at:04}" for at, name in enumerate(heads, start=1)]
    return "\n".join([heading, *rows, ""])


ANOTHERS: dict[str, str] = {
    "the other village's own list": listed(200, heads="何施俞黄沈徐杨毛曹严华金"),
    "its list with one row of this village": listed(200, heads="何施俞黄沈徐杨毛曹严华金")
    + "1组,1-12,许建国,19900000112\n",
    "half of its list": listed(200, heads="何施俞黄沈徐"),
    "its list in the order of this village's doors, with numbers changed": listed(
        400, heads="何施俞黄沈徐杨毛曹严华金"
    ),
}


@pytest.mark.parametrize("name", ANOTHERS)
def test_a_list_of_another_village_is_asked_about_before_it_is_written(name: str, database: Database) -> None:
    own = village_of(database, "C01", listed(100))
    village_of(database, "C02", listed(200, heads="何施俞黄沈徐杨毛曹严华金"))
    before = roster(database, own)
    with database.begin() as session:
        of = session.get_one(Village, own)
        judgement = judge_list(session, of, read_list(ANOTHERS[name].encode(), "list.csv").rows, "CN", "574")
        assert judgement.looks_like_another_village
        assert judgement.fits_better == ("C02村" if "numbers changed" not in name else "")
        words = write_confirmation(judgement)
        assert words is not None
        assert str(judgement.replaced) in write_both(words)
    with pytest.raises(ConfirmArchive):
        bring(database, own, ANOTHERS[name])
    assert roster(database, own) == before


OWN: dict[str, str] = {
    "every number is new, the heads stay": listed(300, heads=NAMES[:4]) + listed(100, heads=NAMES).split("\n", 5)[5],
    "two houses have changed hands": listed(100, heads="何施" + NAMES[2:]),
    "all doors are numbered anew": listed(100, doors=7),
    "a further group": "组别,门牌号,户主,手机\n"
    + "".join(f"2组,9-{at},何{n}平,199000009{at:02}\n" for at, n in enumerate("一二三四五六七", 1)),
    "heads in the other script and with marks": listed(100).replace("王建国", "★王建国").replace("陈建国", "陳建國"),
}


@pytest.mark.parametrize("name", OWN)
def test_the_villages_own_list_is_not_taken_for_anothers(name: str, database: Database) -> None:
    own = village_of(database, "C01", listed(100))
    assert not bring(database, own, OWN[name]).looks_like_another_village


def test_numbers_that_stay_because_their_cells_are_empty_are_told(database: Database) -> None:
    village = village_of(database, "C01", FIRST)
    judgement = bring(
        database, village, "组别,门牌号,户主,手机,固话\n1组,1-1,王甲建,19900000001,\n2组,2-1,张丙华,19900000003,无\n"
    )
    told = [write_both(note.message) for note in judgement.notes if note.reason == "numbers_stay"]
    assert len(told) == 1
    assert "1-1 王甲建" in told[0]
    assert "2-1" not in told[0]


def test_of_a_list_of_several_villages_only_this_ones_rows_are_taken(database: Database) -> None:
    village = village_of(database, "C01", FIRST)
    rows = ["行政村,组别,门牌号,户主,手机", "C01村,1组,1-8,吴戊国,19900000008", "东山村,1组,1-9,钱己华,19900000009"]
    judgement = bring(database, village, "\n".join(rows))
    assert [(row.change, row.reason) for row in judgement.verdicts] == [("new", ""), (None, "another_village")]
    other = bring(database, village, "\n".join([rows[0], rows[2]]))
    assert [note.reason for note in other.notes] == ["another_village"]


def test_another_mobile_beside_a_landline_that_stays_is_instead_of_the_first(database: Database) -> None:
    first = "组别,门牌号,户主,手机,固话\n1组,1-1,王甲建,19900000001,88000001\n1组,1-2,李乙明,19900000002,88000002\n"
    village = village_of(database, "DL", first)
    bring(
        database, village, "组别,门牌号,户主,手机,固话\n1组,1-1,王甲建,19900000021,88000001\n1组,1-2,李乙明,不变,不变\n"
    )
    assert [row[3] for row in roster(database, village)] == [("19900000021", "88000001"), ("19900000002", "88000002")]
