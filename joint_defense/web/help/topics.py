"""What the help says. Sentences of the service are taken from its own rules, names of buttons from its own catalogue.

A topic is a task of a villager or of whoever keeps the roster. Its steps name a button by the string that the button
bears (`button=_l("Save")`), so neither can change without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from joint_defense.rules.replies import Answer
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording import alarm, calls, drills, greetings, written


class Readers(StrEnum):
    """Whom a topic is for."""

    VILLAGERS = "villagers"
    KEEPERS = "keepers"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the service, and how it comes: `way` is heard or read."""

    way: LazyString
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of a keypad, of a text or of a page; what is to be pressed or written stands out."""

    kind: str
    """`keypad`, `text` or `page`."""
    keys: tuple[tuple[str, LazyString], ...] = ()
    """Of a keypad: the keys in their order, each with what it does. Of a page: one, without a key, with the button."""
    words: str = ""
    """Of a text: what is written."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One task: its name, its drawing, what to do, what is said meanwhile, and the pages whose help it is."""

    key: str
    title: LazyString
    readers: Readers
    drawing: Drawing
    steps: tuple[LazyString, ...]
    """May name our number as `{number}`."""
    list_said: Callable[[str, str], list[Said]] = lambda language, number: []
    """By language and our number."""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that work when they are sent to us, by language."""
    places: frozenset[str] = frozenset()
    """Endpoints, or whole blueprints."""

    def write_steps(self, number: str) -> list[str]:
        """The steps with our number in them."""
        return [str(step).replace("{number}", number) for step in self.steps]


_HEARD = _l("You hear")
_READ = _l("A text comes")


def find_topic_of(endpoint: str) -> Topic | None:
    """The topic that a page's help is about."""
    exact = next((each for each in TOPICS.values() if endpoint in each.places), None)
    return exact or next((each for each in TOPICS.values() if endpoint.partition(".")[0] in each.places), None)


def _make_example() -> alarm.Voice:
    """A call for help as an example; nobody of this name need live anywhere."""
    return alarm.Voice(
        household="王月英家",
        household_en="the Wang Yueying household",
        place="桥东第2家",
        place_en="2nd house east of the bridge",
        door="18号",
        number="138****0000",
        category=Category.FIRE,
        text="",
        raised_at=datetime(2026, 1, 1, 3, 12, tzinfo=UTC),
    )


def _say_when_calling(language: str, number: str) -> list[Said]:
    comer = {"zh": "李国强家", "en": "the Li Guoqiang household"}[language]
    return [
        Said(_HEARD, calls.MENU[language]),
        Said(_HEARD, calls.say_alarm_raised(21, 9, language)),
        Said(_HEARD, calls.CATEGORY_PROMPT[language]),
        Said(_HEARD, "".join(calls.say_who_comes([comer], [], language))),
        Said(_HEARD, calls.say_nobody_yet(Category.UNSPECIFIED, language)),
    ]


def _say_when_answering(language: str, number: str) -> list[Said]:
    voice = _make_example()
    name = voice.household if language == "zh" else voice.household_en
    return [
        Said(_HEARD, " ".join(alarm.write_announcement([voice], language)) + alarm.say_how_to_answer(language)),
        *(Said(_HEARD, calls.say_thanks([name], answer, language)) for answer in (Answer.COMING, Answer.ON_SCENE)),
        Said(_HEARD, alarm.say_no_key_pressed(language)),
    ]


def _say_in_texts(language: str, number: str) -> list[Said]:
    return [
        Said(_READ, written.write_alarm_answer(9, language)),
        Said(_READ, alarm.write_message(_make_example(), language)),
        Said(_READ, written.HOW_TO_ANSWER[language]),
    ]


def _say_in_own_test(language: str, number: str) -> list[Said]:
    whose = {"zh": "李国强家", "en": "the Li Guoqiang household"}[language]
    return [
        Said(_HEARD, drills.say_test_follows(language)),
        Said(_HEARD, drills.write_test(whose, language) + drills.say_how_to_answer_test(language)),
        Said(_HEARD, drills.say_thanks(language)),
    ]


def _say_when_stopped(language: str, number: str) -> list[Said]:
    return [Said(_READ, written.STOPPED[language]), Said(_READ, written.STARTED[language])]


def _say_good_morning(language: str, number: str) -> list[Said]:
    name = {"zh": "王月英家", "en": "the Wang Yueying household"}[language]
    return [
        Said(_HEARD, greetings.write_greeting(name, language) + greetings.say_how_to_answer(language)),
        Said(_HEARD, greetings.say_thanks(language)),
        Said(_READ, greetings.write_greeting_text(name, language)),
    ]


_FOR_VILLAGERS = (
    Topic(
        "call",
        _l("In danger: press #9"),
        Readers.VILLAGERS,
        Drawing("keypad", (("#", _l("press first")), ("9", _l("press second")))),
        (
            _l(
                "On a phone with a #9 line: pick up, press #9. On another phone of your household: call "
                "{number}, press #9."
            ),
            _l(
                "Your neighbours' phones ring at once. Do not hang up: you hear who is coming. If you have to "
                "hang up, a text or a call tells you."
            ),
            _l("Say what it is by a key: 1 burglary, 2 fire, 3 injury or illness, 4 anything else."),
            _l("Pressed by mistake? Press the star key twice. Nobody is angry."),
            _l("Dial 110, 119 or 120 as well. This service calls neighbours; it does not replace them."),
        ),
        _say_when_calling,
    ),
    Topic(
        "answer",
        _l("A neighbour calls for help: press 1, 2 or 3"),
        Readers.VILLAGERS,
        Drawing("keypad", (("1", _l("I am coming")), ("2", _l("I cannot come")), ("3", _l("I am there")))),
        (
            _l("Listen: who it is and where is said twice."),
            _l("Press 1 if you are coming, 2 if you cannot, 3 once you are there. The caller hears it at once."),
            _l("Changed your mind? Press the other key, or call {number} and press it."),
            _l("Missed the call? Go and look, or call {number} and press 1."),
            _l("If nobody has dialled 110, 119 or 120 yet, do it."),
        ),
        _say_when_answering,
    ),
    Topic(
        "texts",
        _l("Call for help and answer by text"),
        Readers.VILLAGERS,
        Drawing("text", words="9"),
        (
            _l("Cannot speak? Send 9 to {number}, or write what has happened."),
            _l("To a neighbour's call for help reply 1 (coming), 2 (cannot come) or 3 (there). Words work too."),
            _l("Sent by mistake? Reply 0."),
            _l("Write from a phone that stands on the list: of another we do not know who it is."),
        ),
        _say_in_texts,
        texts={
            "zh": (
                "9",
                "救命",
                "着火了",
                "家里进贼了",
                "我摔倒了起不来",
                "1",
                "马上来",
                "2",
                "来不了",
                "3",
                "到了",
                "0",
            ),
            "en": (
                "9",
                "help!",
                "fire!",
                "a burglar in my house",
                "1",
                "coming",
                "2",
                "cannot come",
                "3",
                "I am there",
                "0",
            ),
        },
    ),
    Topic(
        "own-test",
        _l("Try your own phone: press 8"),
        Readers.VILLAGERS,
        Drawing("keypad", (("8", _l("test call")),)),
        (
            _l("Call {number} from the phone that you want to try."),
            _l("When the voice speaks, press 8, then hang up."),
            _l("The phone rings at once and says whose we think it is. Press 1 if that is right, 2 if it is not."),
            _l("Nobody else is called. It is a drill."),
        ),
        _say_in_own_test,
    ),
    Topic(
        "no-texts",
        _l("No more texts: STOP"),
        Readers.VILLAGERS,
        Drawing("text", words="STOP"),
        (
            _l("Send STOP to {number}: you get no more texts."),
            _l("When a neighbour needs help you are still called."),
            _l("Send START to get texts again."),
        ),
        _say_when_stopped,
        texts=dict.fromkeys(("zh", "en"), ("STOP", "START")),
    ),
    Topic(
        "good-mornings",
        _l("Living alone: the daily good morning"),
        Readers.VILLAGERS,
        Drawing(
            "keypad",
            (
                (greetings.WELL_KEY, _l("I am well")),
                (greetings.AWAY_KEY, _l("going away")),
                (greetings.HELP_KEY, _l("I need help")),
            ),
        ),
        (
            _l("Who lives alone and wishes it is called or texted every day at a chosen time. Ask the village head."),
            _l("If you are well, press 1, or reply 1."),
            _l("If you are going away, press 2, or reply like the example. Nobody is worried then."),
            _l("If you need help, press 9, or write what has happened."),
            _l(
                "Without an answer you are asked twice more; then your contact is asked, then leader and "
                "neighbours come and look."
            ),
        ),
        _say_good_morning,
        texts={"zh": ("1", "出门", "出门到5号", "回来"), "en": ("1", "away", "away until 5", "back")},
        places=frozenset({"greetings"}),
    ),
)

_FOR_KEEPERS = (
    Topic(
        "number",
        _l("Change a number"),
        Readers.KEEPERS,
        Drawing("page", (("", _l("Change number")),)),
        (
            _l("Open the group, find the household. Or search its name, first letters of its pinyin, door or number."),
            _l("Tap “%(button)s” beside the number.", button=_l("Change number")),
            _l(
                "Type the new number, tap “%(button)s”. It rings from now on; the old one stays silent.",
                button=_l("Save"),
            ),
            _l("Wrong? “%(button)s” at the top takes it back.", button=_l("Undo")),
            _l("To be sure, open the household and tap “%(button)s”.", button=_l("Test this phone")),
        ),
        places=frozenset({"group.show", "household.show_number_form", "upkeep", "villages.show"}),
    ),
    Topic(
        "household",
        _l("Add a household"),
        Readers.KEEPERS,
        Drawing("page", (("", _l("Add a household")),)),
        (
            _l("Open the group, tap “%(button)s”.", button=_l("Add a household")),
            _l("Name, door, and a landmark as neighbours would say it: it is read out when they call for help."),
            _l("All phones that are to ring, the one that is answered first on top."),
            _l("Tap “%(button)s”. The household is rung from now on.", button=_l("Save")),
        ),
        places=frozenset({"household.show_new_form", "household.add"}),
    ),
    Topic(
        "away",
        _l("A household is away"),
        Readers.KEEPERS,
        Drawing("page", (("", _l("Away until then")),)),
        (
            _l("Open the household."),
            _l("Choose the last day of their absence, tap “%(button)s”.", button=_l("Away until then")),
            _l("Until then they are texted and not called, and do not count as neighbours who can come."),
            _l("Back earlier? “%(button)s”.", button=_l("They are at home again")),
        ),
        places=frozenset({"household"}),
    ),
    Topic(
        "groups",
        _l("Draw up groups"),
        Readers.KEEPERS,
        Drawing("page", (("", _l("Draw up groups")),)),
        (
            _l("On the village's page open “%(link)s”: their call for help would ring nobody.", link=_l("In no group")),
            _l(
                "Tap “%(button)s”: eight to twelve neighbours a group are proposed, with a leader.",
                button=_l("Draw up groups"),
            ),
            _l(
                "Change by hand who belongs where and who leads; “%(button)s” shows it anew.",
                button=_l("Show it as changed"),
            ),
            _l("“%(button)s” writes all of it; one tap takes all of it back.", button=_l("Confirm: make these groups")),
        ),
        places=frozenset({"drawing_up", "villages.show_ungrouped", "group"}),
    ),
    Topic(
        "drill",
        _l("Run a drill"),
        Readers.KEEPERS,
        Drawing("page", (("", _l("Start the drill")),)),
        (
            _l("On the village's page tap “%(button)s”.", button=_l("Drills")),
            _l(
                "Choose the group, tap “%(button)s”. Every phone rings and says first and last that it is a drill.",
                button=_l("Start the drill"),
            ),
            _l("The page shows which phones a person has answered. Whoever did not is on your list to be mended."),
            _l("A real call for help in the village ends the drill at once."),
        ),
        lambda language, number: [
            Said(
                _HEARD,
                "".join(
                    drills.write_announcement({"zh": "墙下陶村3组", "en": "Qiangxiatao, group 3"}[language], language)
                )
                + drills.say_how_to_answer(language),
            ),
            Said(_HEARD, drills.say_thanks(language)),
        ],
        places=frozenset({"drills"}),
    ),
    Topic(
        "directory",
        _l("Print the directory"),
        Readers.KEEPERS,
        Drawing("page", (("", _l("Make the PDF")),)),
        (
            _l("On the village's page tap “%(button)s”.", button=_l("Print the directory")),
            _l("Choose all groups or one, A4 or A5, tap “%(button)s”.", button=_l("Make the PDF")),
            _l("Print it and hang it up beside the phone. Each group has its own page."),
            _l("When the wall says another version than the page, print it anew."),
        ),
        places=frozenset({"printing", "town_directory"}),
    ),
    Topic(
        "incident",
        _l("Watch an incident"),
        Readers.KEEPERS,
        Drawing("page", (("", _l("Close the incident")),)),
        (
            _l("Open it from the text on your phone, or from the red banner."),
            _l(
                "On top: who, where, for how many minutes, who is coming, who is there. It moves by itself; "
                "without news for some seconds it says that the connection is lost."
            ),
            _l(
                "Nobody coming? Call 110, then the households that could not be reached, and tap “%(button)s”.",
                button=_l("Ring again all who are not coming"),
            ),
            _l("What you know goes on the timeline: “%(button)s”.", button=_l("Add a note")),
            _l(
                "When it is over, tap “%(button)s” and say how it ended. Everybody who was called is told.",
                button=_l("Close the incident"),
            ),
        ),
        places=frozenset({"board", "actions", "past", "exports"}),
    ),
)

TOPICS = {topic.key: topic for topic in (*_FOR_VILLAGERS, *_FOR_KEEPERS)}
"""All topics, in the order in which they are listed."""
