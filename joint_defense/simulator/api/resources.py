"""Calls and messages as the API's JSON, with every property of the official resources."""

from __future__ import annotations

import time
from typing import Any

from joint_defense.simulator.network.records import Call, Message, Owned
from joint_defense.simulator.network.wire import API_VERSION, write_rfc_2822

_OF_A_CALL = {
    "notifications": "Notifications",
    "recordings": "Recordings",
    "payments": "Payments",
    "events": "Events",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}
_OF_A_MESSAGE = {"media": "Media", "feedback": "Feedback"}
MESSAGE_ERRORS = {
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Carrier violation",
    30008: "Unknown error",
    30036: "Validity period expired",
}


class Resources:
    """Draws the resources of one account."""

    def __init__(self, account_sid: str) -> None:
        self._account_sid = account_sid
        self._opened_at = time.time()
        self._root = f"/{API_VERSION}/Accounts/{account_sid}"

    def call(self, call: Call, *, created: bool = False) -> dict[str, Any]:
        """A Call. The answer to its creation knows no dates yet, as with the carrier."""
        base = f"{self._root}/Calls/{call.sid}"
        over = call.ended_at is not None
        return {
            "sid": call.sid,
            "date_created": None if created else write_rfc_2822(call.created_at),
            "date_updated": None if created else write_rfc_2822(call.updated_at),
            "parent_call_sid": call.parent_sid,
            "account_sid": self._account_sid,
            "to": call.to,
            "to_formatted": call.to,
            "from": call.sender,
            "from_formatted": call.sender,
            "phone_number_sid": None,
            "status": call.status,
            "start_time": write_rfc_2822(call.started_at),
            "end_time": write_rfc_2822(call.ended_at),
            "duration": str(call.duration) if over else None,
            "price": None,
            "price_unit": "USD",
            "direction": call.direction,
            "answered_by": call.answered_by,
            "api_version": API_VERSION,
            "forwarded_from": None,
            "group_sid": None,
            "caller_name": "" if call.inbound else None,
            "queue_time": str(call.queue_ms),
            "trunk_sid": None,
            "uri": f"{base}.json",
            "subresource_uris": {name: f"{base}/{part}.json" for name, part in _OF_A_CALL.items()},
        }

    def account(self) -> dict[str, Any]:
        """The Account itself. Its token is not told."""
        parts = ("calls", "messages", "incoming_phone_numbers", "conferences", "recordings", "notifications")
        names = {part: "".join(word.title() for word in part.split("_")) for part in parts}
        return {
            "auth_token": None,  # nosec B105 - there is none
            "date_created": write_rfc_2822(self._opened_at),
            "date_updated": write_rfc_2822(self._opened_at),
            "friendly_name": "Simulator",
            "owner_account_sid": self._account_sid,
            "sid": self._account_sid,
            "status": "active",
            "subresource_uris": {part: f"{self._root}/{name}.json" for part, name in names.items()},
            "type": "Full",
            "uri": f"{self._root}.json",
        }

    def number(self, owned: Owned, voice_url: str, sms_url: str, status_url: str) -> dict[str, Any]:
        """An IncomingPhoneNumber: one of the account's."""
        nothing = ("address_sid", "identity_sid", "sms_application_sid", "trunk_sid", "voice_application_sid")
        more = ("emergency_address_sid", "bundle_sid", "sms_fallback_url", "voice_fallback_url", "type")
        return dict.fromkeys((*nothing, *more)) | {
            "account_sid": self._account_sid,
            "address_requirements": "none",
            "api_version": API_VERSION,
            "beta": False,
            "capabilities": {"mms": False, "sms": True, "voice": True, "fax": False},
            "date_created": write_rfc_2822(self._opened_at),
            "date_updated": write_rfc_2822(self._opened_at),
            "friendly_name": owned.number,
            "phone_number": owned.number,
            "origin": "hosted",
            "sid": owned.sid,
            "sms_fallback_method": "POST",
            "sms_method": "POST",
            "sms_url": sms_url or None,
            "status_callback": status_url or None,
            "status_callback_method": "POST",
            "uri": f"{self._root}/IncomingPhoneNumbers/{owned.sid}.json",
            "voice_receive_mode": "voice",
            "voice_caller_id_lookup": False,
            "voice_fallback_method": "POST",
            "voice_method": "POST",
            "voice_url": voice_url or None,
            "emergency_status": "Inactive",
            "emergency_address_status": "unregistered",
            "status": "in-use",
        }

    def message(self, message: Message) -> dict[str, Any]:
        """A Message."""
        base = f"{self._root}/Messages/{message.sid}"
        code = message.error_code
        return {
            "body": message.body,
            "num_segments": str(message.segments),
            "direction": message.direction,
            "from": message.sender,
            "to": message.to,
            "date_updated": write_rfc_2822(message.updated_at),
            "price": None,
            "error_message": None if code is None else MESSAGE_ERRORS.get(code, "Message not delivered"),
            "uri": f"{base}.json",
            "account_sid": self._account_sid,
            "num_media": "0",
            "status": message.status,
            "messaging_service_sid": message.service_sid,
            "sid": message.sid,
            "date_sent": write_rfc_2822(message.sent_at),
            "date_created": write_rfc_2822(message.created_at),
            "error_code": code,
            "price_unit": "USD",
            "api_version": API_VERSION,
            "subresource_uris": {name: f"{base}/{part}.json" for name, part in _OF_A_MESSAGE.items()},
        }
