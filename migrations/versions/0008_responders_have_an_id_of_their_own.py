"""Responders have an id of their own, and the English names of whoever is called have a column.

A responder, who lives in no household, was a household and a phone with a negative id; the English name was parsed
back out of the Chinese one, here for the last time.

Revision 0008, after 0007. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op
from pypinyin import lazy_pinyin

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DUTY_PHONE = "值班"
_HAN = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
# Names as this release romanised them: what the product does later must not change what this step wrote.
_COMPOUND_SURNAMES = frozenset({
    "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟", "公羊",
    "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离", "长孙", "宇文",
    "司徒", "鲜于", "司空", "闾丘", "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷", "公良", "漆雕", "乐正",
    "宰父", "谷梁", "拓跋", "夹谷", "轩辕", "令狐", "段干", "百里", "呼延", "东郭", "南门", "羊舌", "微生", "公户",
    "公玉", "公仪", "梁丘", "公仲", "公上", "公门", "公山", "公坚", "左丘", "公伯", "西门", "公祖", "第五", "公乘",
    "贯丘", "公皙", "南荣", "东里", "东宫", "仲长", "子书", "子桑", "即墨", "淳于", "达奚", "褚师", "纳兰",
})  # fmt: skip
# How a character is read as a surname, where pypinyin gives its everyday reading.
_SURNAME_READINGS = {
    "单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "翟": "zhai", "曾": "zeng", "盖": "ge",
    "缪": "miao", "朴": "piao", "乐": "yue", "覃": "qin", "种": "chong", "员": "yun", "秘": "bi", "黑": "he",
    "折": "she", "召": "shao", "洗": "xian", "繁": "po", "祭": "zhai", "郗": "chi", "乐正": "yuezheng",
    "卜": "bu", "重": "chong", "参": "shen", "乜": "nie", "郇": "xun", "厘": "xi", "便": "pian", "句": "gou",
    "长": "chang", "薄": "bo", "角": "jue", "都": "du", "藏": "zang", "术": "zhu", "称": "chen",
}  # fmt: skip
_TEAMS = {"治保": "security", "巡防": "patrol", "企事业保卫": "guards", "志愿者": "volunteers"}


def upgrade() -> None:
    for table in ("deliveries", "acknowledgements"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("responder_id", _BIG_ID, nullable=True))
            batch_op.add_column(sa.Column("household_name_en", sa.String(length=80), server_default="", nullable=False))
            batch_op.alter_column("household_id", existing_type=_BIG_ID, nullable=True)
            if table == "deliveries":
                batch_op.alter_column("phone_id", existing_type=_BIG_ID, nullable=True)
    with op.batch_alter_table("inbound_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("responder_id", _BIG_ID, nullable=True))
    _name_in_english()
    for statement in (
        "UPDATE deliveries SET household_name_en = coalesce((SELECT english FROM english_names"
        " WHERE chinese = household_name AND of_responder = (household_id < 0)), '')",
        "UPDATE acknowledgements SET household_name_en = coalesce((SELECT english FROM english_names"
        " WHERE chinese = household_name AND of_responder = (household_id < 0)), '')",
        "DROP TABLE english_names",
        "UPDATE deliveries SET responder_id = -household_id, household_id = NULL, phone_id = NULL"
        " WHERE household_id < 0",
        "UPDATE acknowledgements SET responder_id = -household_id, household_id = NULL WHERE household_id < 0",
        "UPDATE inbound_events SET responder_id = -household_id, household_id = NULL WHERE household_id < 0",
    ):
        op.execute(statement)


def _name_in_english() -> None:
    """Put every name that was called down beside its English one; years of alarms have few names and many rows."""
    names_of = op.create_table(
        "english_names",
        sa.Column("chinese", sa.String(80), primary_key=True),
        sa.Column("of_responder", sa.Boolean, primary_key=True),
        sa.Column("english", sa.String(80), nullable=False),
        prefixes=["TEMPORARY"],
    )
    called = sa.union(
        *(
            sa.select(sa.column("household_name", sa.String), sa.column("household_id", sa.BigInteger) < 0)
            .select_from(sa.table(table))
            .distinct()
            for table in ("deliveries", "acknowledgements")
        )
    )
    for name, of_responder in op.get_bind().execute(called).all():
        english = _responder(name) if of_responder else _household(name)
        row = {"chinese": name, "of_responder": bool(of_responder), "english": english[:80]}
        op.execute(sa.insert(names_of).values(row))


def _household(name: str) -> str:
    return f"the {_romanised(name.removesuffix('家'))} household"


def _responder(name: str) -> str:
    if _DUTY_PHONE in name:
        return f"the duty phone of {_romanised(name.partition(_DUTY_PHONE)[0])}".removesuffix(" of ")
    for chinese, english in _TEAMS.items():
        person = name.removeprefix(chinese)
        if person and person != name:
            return f"{_romanised(person)} ({english})"
    return name


def _romanised(name: str) -> str:
    """A person's name in pinyin, the surname as surnames are read; a foreign name as it is."""
    if not _HAN.match(name):
        return name
    length = 2 if name[:2] in _COMPOUND_SURNAMES and len(name) > 2 else 1
    family, given = name[:length], "".join(lazy_pinyin(name[length:])).capitalize()
    read = _SURNAME_READINGS.get(family) or "".join(lazy_pinyin(family))
    return f"{read.capitalize()} {given}".rstrip()
