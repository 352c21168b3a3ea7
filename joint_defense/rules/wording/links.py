"""Texts that hold a link to an incident's page: to overseers.

They fit two segments: what the page shows as well is left out, bit by bit; who, where and the link never are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from joint_defense.rules.wording.alarm import (
    CHINESE,
    Voice,
    count_segments,
    cut_quote,
    name_category,
    say_first_help,
    say_how_to_reply,
    write_announcement,
    write_local_number,
)


def tell_overseer(voice: Voice, link: str, language: str) -> str:
    """To an overseer who is no neighbour: who calls, where, and the link."""
    return _choose_shortest_that_says_most(
        lambda each, _phone, _keys: _tell(each, link, language), voice, phones=(False,)
    )


def tell_overseer_by_voice(voices: Sequence[Voice], language: str) -> str:
    """What an overseer hears in a call because the text with the link could not be delivered."""
    said = "".join(write_announcement(voices, language))
    if language == CHINESE:
        return f"十户联防。{said}已通知邻居。短信发不到这部电话，请登录网页看进展。"
    return f"Joint Defence. {said} Neighbours are being told. This phone takes no texts: sign in to follow it."


def write_alarm_with_link(voice: Voice, link: str, language: str) -> str:
    """To an overseer who is rung as a neighbour: the alarm's text, and the link in it."""
    return _choose_shortest_that_says_most(
        lambda each, phone, keys: _write_alarm(each, link, language, phone=phone, keys=keys),
        voice,
        phones=(True, False),
    )


def _choose_shortest_that_says_most(
    tell: Callable[[Voice, bool, bool], str], voice: Voice, phones: Iterable[bool]
) -> str:
    quoteless = replace(voice, text="")
    plain = replace(quoteless, first_help="")
    tries = [(voice, phone, True) for phone in phones]
    tries += [(quoteless, False, True), (plain, False, True), (replace(plain, door=""), False, True)]
    tries += [(replace(plain, door=""), False, False)]
    texts = [tell(*each) for each in tries]
    return next((text for text in texts if count_segments(text) <= 2), texts[-1])


def _tell(voice: Voice, link: str, language: str) -> str:
    who, quote = _write_who_where_when(voice, language)
    if language == CHINESE:
        return f"【十户联防】{who}{quote}已通知邻居，看进展：{link}"
    return f"[Joint Defence] {who}{quote} Neighbours are being told. Follow it: {link}"


def _write_alarm(voice: Voice, link: str, language: str, *, phone: bool, keys: bool) -> str:
    who, quote = _write_who_where_when(voice, language)
    if language == CHINESE:
        number = f"电话{write_local_number(voice.number)}。" if phone else ""
        how = say_how_to_reply(voice, language) if keys or voice.line else "能来回复1，不能来2，到了3。"
        return f"【十户联防】{who}{quote}{number}{how}看进展：{link}"
    number = f" Phone {write_local_number(voice.number)}." if phone else ""
    how = f" {say_how_to_reply(voice, language)}"
    return f"[Joint Defence] {who}{quote}{number}{how} Follow it: {link}"


def _write_who_where_when(voice: Voice, language: str) -> tuple[str, str]:
    what = name_category(voice.category, language)
    first = say_first_help(voice, language)
    quoted = cut_quote(voice)
    when = f"{voice.raised_at:%H:%M}"
    if language == CHINESE:
        drill = "演练，不是真的警情。" if voice.drill else ""
        door = f"（{voice.door}）" if voice.door else ""
        helped = f"{first}，" if first else ""
        who = f"{drill}{voice.household}求助{'：' + what if what else ''}！{voice.place}{door}，{helped}{when}。"
        return who, f"原话：“{quoted}”" if quoted else ""
    drill = "DRILL, not real. " if voice.drill else ""
    helped = f"{first}, " if first else ""
    who = f"{drill}{voice.household_en} needs help{': ' + what if what else ''}! {voice.place_en}, {helped}{when}."
    return who, f' They say: "{quoted}".' if quoted else ""
