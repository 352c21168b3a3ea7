"""An incident's tables: its alerts, updates, deliveries, attempts and acknowledgements.

Names, places and numbers in here are snapshots: a later change of the roster does not rewrite what happened. Ids of
households and phones are therefore plain numbers, not foreign keys.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, BigId, store_as_value
from joint_defense.rules.parties import Party, get_party
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import (
    AttemptState,
    Channel,
    ClosingOutcome,
    DeliveryState,
    IncidentKind,
    Milestone,
    Occasion,
    Purpose,
    Role,
)
from joint_defense.rules.triggers import Category

OfPartyRow = type["Delivery"] | type["Acknowledgement"]
"""A table whose rows are of a party, or an alias of it."""


class NamedInBoth:
    """A household or responder as others call it, in both languages."""

    household_name: Mapped[str] = mapped_column(Text)
    household_name_en: Mapped[str] = mapped_column(Text, default="", server_default="")

    def name_in(self, language: str) -> str:
        """As this language calls it."""
        return self.household_name if language == "zh" else self.household_name_en


class Incident(Base):
    """A call for help (警情) and all that follows from it."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_incidents_group_id_opened_at", "group_id", "opened_at"),
        Index(
            "ix_incidents_next_step_at",
            "next_step_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_incidents_to_blank",
            "closed_at",
            sqlite_where=text("blanked_at IS NULL"),
            postgresql_where=text("blanked_at IS NULL"),
        ),
        Index(
            "ix_incidents_held_until",
            "held_until",
            sqlite_where=text("held_until IS NOT NULL"),
            postgresql_where=text("held_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[IncidentKind] = mapped_column(store_as_value(IncidentKind))
    village_id: Mapped[int] = mapped_column(BigId, index=True)
    village_name: Mapped[str] = mapped_column(String(64))
    group_id: Mapped[int | None] = mapped_column(BigId)
    group_name: Mapped[str] = mapped_column(String(64))
    category: Mapped[Category] = mapped_column(store_as_value(Category), default=Category.UNSPECIFIED)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    outcome: Mapped[ClosingOutcome | None] = mapped_column(store_as_value(ClosingOutcome))
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    # The policy as it was when the incident opened, whose it was and which version; None: it is never widened.
    policy: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # How many of its steps have been carried out, the last one that enough answers held back, and when the next one
    # is due (None: none is left).
    steps_done: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    step_held: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    next_step_at: Mapped[datetime | None]
    # Until when the alarm goes to the leaders only (None: it goes to all), and the key that lets it go to all.
    held_until: Mapped[datetime | None]
    release_key: Mapped[str] = mapped_column(String(1), default="", server_default="")
    # When its numbers, texts and notes were blanked because their time was over.
    blanked_at: Mapped[datetime | None]

    alerts: Mapped[list[Alert]] = relationship(back_populates="incident", order_by="Alert.id")
    deliveries: Mapped[list[Delivery]] = relationship(back_populates="incident", order_by="Delivery.id")


class Alert(NamedInBoth, Base):
    """One household's voice in an incident (求助): who calls, from where, with which words."""

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("incident_id", "household_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    household_id: Mapped[int] = mapped_column(BigId)
    # Names and places are as long as the roster allows, and longer in pinyin.
    household_name_en: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    place_en: Mapped[str] = mapped_column(Text)
    door: Mapped[str] = mapped_column(String(64), default="")
    # Why the household needs help first, as `groups.directory.Caller` says it; empty: it does not.
    first_help: Mapped[str] = mapped_column(String(20), default="", server_default="")
    phone_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    may_text: Mapped[bool] = mapped_column(default=False)
    silent: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[Channel] = mapped_column(store_as_value(Channel))
    # Somebody else has called for them (a neighbour, the clock): number and channel say where help is needed, and are
    # no sign of the household's own.
    by_others: Mapped[bool] = mapped_column(default=False, server_default=false())
    call_sid: Mapped[str | None] = mapped_column(String(64), index=True)
    # The carrier's account that holds the caller's line, where there are several: nobody is connected across two.
    line_account: Mapped[str] = mapped_column(String(64), default="", server_default="")
    category: Mapped[Category] = mapped_column(store_as_value(Category), default=Category.UNSPECIFIED)
    text: Mapped[str] = mapped_column(Text, default="")
    raised_at: Mapped[datetime]
    # The household has called it a false alarm; with every voice withdrawn the incident is closed.
    withdrawn_at: Mapped[datetime | None]
    # Until when the caller is taken to be on the line (each of its questions puts it off), and the last
    # acknowledgement it has certainly heard there.
    on_line_until: Mapped[datetime | None]
    heard_answer_id: Mapped[int] = mapped_column(BigId, default=0)
    # The last step of widening that it has certainly heard of.
    heard_step: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")

    incident: Mapped[Incident] = relationship(back_populates="alerts")


class IncidentUpdate(Base):
    """A line of the timeline: what happened, in a word (`kind`) and its particulars."""

    __tablename__ = "incident_updates"
    __table_args__ = (Index("ix_incident_updates_incident_id_id", "incident_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Delivery(NamedInBoth, Base):
    """One phone to reach on one channel for one purpose (通知).

    `due_at` is when the next thing is to be done about it: send it (waiting), ask the carrier what became of it
    (placed), or see what else is to be tried (over, with a `follow_up`). What is due goes in the order of `urgency`,
    the smaller first, and of `turn` within that: the place in its own incident, the nearest door first, so that two
    incidents at once take turns. `distance` counts doors.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint(
            *("incident_id", "number", "channel", "purpose", "round", "step", "alert_id", "milestone", "line_id"),
            name="uq_deliveries_once",
        ),
        Index(
            "ix_deliveries_waiting",
            "channel",
            "urgency",
            "turn",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_deliveries_claimed",
            "owner",
            sqlite_where=text("state = 'claimed'"),
            postgresql_where=text("state = 'claimed'"),
        ),
        Index(
            "ix_deliveries_placed",
            "due_at",
            sqlite_where=text("state = 'placed'"),
            postgresql_where=text("state = 'placed'"),
        ),
        Index(
            "ix_deliveries_follow_up",
            "due_at",
            sqlite_where=text("follow_up IN ('look', 'redial')"),
            postgresql_where=text("follow_up IN ('look', 'redial')"),
        ),
        Index("ix_deliveries_number_id", "number", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    channel: Mapped[Channel] = mapped_column(store_as_value(Channel))
    purpose: Mapped[Purpose] = mapped_column(store_as_value(Purpose))
    # What may come more than once is told apart by these: see `rules.states.Occasion`.
    round: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    step: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    alert_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    milestone: Mapped[Milestone] = mapped_column(
        store_as_value(Milestone), default=Milestone.NONE, server_default=Milestone.NONE.value
    )
    line_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    # A responder lives in no household: one of the two ids is set, and a phone of the roster only with a household.
    household_id: Mapped[int | None] = mapped_column(BigId)
    responder_id: Mapped[int | None] = mapped_column(BigId)
    phone_id: Mapped[int | None] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    role: Mapped[Role] = mapped_column(store_as_value(Role, length=16))
    phone_rank: Mapped[int] = mapped_column(SmallInteger)
    urgency: Mapped[int] = mapped_column(SmallInteger)
    turn: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    distance: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[DeliveryState] = mapped_column(store_as_value(DeliveryState))
    due_at: Mapped[datetime]
    # It is not sent from then on (None: it is sent however late).
    not_after: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(80))
    attempt_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    # The last attempt's outcome is unknown (a crash or a silence in mid-request): ask the carrier before sending again.
    look_up_first: Mapped[bool] = mapped_column(default=False)
    # Nobody needs this call any more: it is to be ended through the carrier wherever it stands.
    unwanted: Mapped[bool] = mapped_column(default=False)
    # When whoever took this call joined the caller in a conference, and at which of several accounts that is.
    joined_at: Mapped[datetime | None]
    joined_account: Mapped[str] = mapped_column(String(64), default="", server_default="")
    # What the clock has still to see to, now that it is over.
    follow_up: Mapped[FollowUp | None] = mapped_column(store_as_value(FollowUp))
    # Why it was in vain, as the carrier counts (error code) or in a word.
    failure: Mapped[str | None] = mapped_column(String(32))
    # What it says, where that is fixed when it is planned (news, all-clear); an alarm is put together when it is sent.
    text: Mapped[str | None] = mapped_column(Text)
    # The text holds a link to the incident's page, for an overseer: the account's, where it is one.
    with_link: Mapped[bool] = mapped_column(default=False, server_default=false())
    account_id: Mapped[int | None] = mapped_column(BigId)

    incident: Mapped[Incident] = relationship(back_populates="deliveries")
    attempts: Mapped[list[Attempt]] = relationship(back_populates="delivery", order_by="Attempt.number")

    @property
    def party(self) -> Party:
        return get_party(self)

    @property
    def occasion(self) -> Occasion:
        return Occasion(self.round, self.step, self.alert_id, self.milestone, self.line_id)


def is_same_party(one: OfPartyRow, other: OfPartyRow) -> ColumnElement[bool]:
    """Whether two rows are of one household, or of one responder."""
    return (one.household_id == other.household_id) | (one.responder_id == other.responder_id)


def is_of_party(row: OfPartyRow, party: Party) -> ColumnElement[bool]:
    """Whether a row is of this household or responder."""
    if party.household_id is None:
        return row.responder_id == party.responder_id
    return row.household_id == party.household_id


def count_parties(row: OfPartyRow) -> ColumnElement[int]:
    """How many households and responders there are among the rows."""
    return func.count(row.household_id.distinct()) + func.count(row.responder_id.distinct())


def is_in_state(state: DeliveryState, of: Any = Delivery) -> ColumnElement[bool]:
    """Deliveries in this state (of an alias, where one is given), its name written out as the partial indices have it.

    For a parameter PostgreSQL takes no such index once it has a plan for whatever comes.
    """
    named: BindParameter[DeliveryState] = bindparam(None, state, Delivery.state.type, literal_execute=True)
    found: ColumnElement[bool] = of.state == named
    return found


class Attempt(Base):
    """One request to the carrier for a delivery (呼叫). Its status callbacks name the delivery and this number.

    `sender` is the number of ours that it goes out from.
    """

    __tablename__ = "attempts"
    # One call of the carrier's is one attempt: a look-up must not take another's for its own.
    __table_args__ = (Index("ix_attempts_sid", "sid", unique=True),)

    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    state: Mapped[AttemptState] = mapped_column(store_as_value(AttemptState))
    # The carrier's account, and what it goes out from there: a number, a short code, a name, a messaging service.
    account: Mapped[str] = mapped_column(String(64), default="", server_default="")
    sender: Mapped[str] = mapped_column(String(40), default="", server_default="")
    sid: Mapped[str | None] = mapped_column(String(64))
    error_code: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(String(300))
    requested_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    rang_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # How late the latest callback with a time stamp came, by the carrier's clock and ours.
    callback_lag_ms: Mapped[int | None]

    delivery: Mapped[Delivery] = relationship(back_populates="attempts")


class Acknowledgement(NamedInBoth, Base):
    """A household's or responder's answer: coming (赶来), cannot come (不能来), on scene (到场). The newest counts."""

    __tablename__ = "acknowledgements"
    __table_args__ = (Index("ix_acknowledgements_incident_id_household_id", "incident_id", "household_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    household_id: Mapped[int | None] = mapped_column(BigId)
    responder_id: Mapped[int | None] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(16))
    answer: Mapped[Answer] = mapped_column(store_as_value(Answer))
    channel: Mapped[Channel] = mapped_column(store_as_value(Channel))
    at: Mapped[datetime]
    # In how many minutes they mean to be there: 0 at once, `rules.replies.LATER` more than five; None: not said.
    minutes: Mapped[int | None] = mapped_column(SmallInteger)

    @property
    def party(self) -> Party:
        return get_party(self)
