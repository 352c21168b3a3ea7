"""What the API refuses, in the carrier's own codes and the shape of its error answers."""

from __future__ import annotations

from typing import Any

# code: (HTTP status, what the carrier says). Texts that name a value take it as {value}.
_REASONS: dict[int, tuple[int, str]] = {
    10004: (429, "Call concurrency limit exceeded"),
    20001: (400, "Invalid parameter: {value}"),
    20003: (401, "Authenticate"),
    20009: (409, "Cannot delete this resource before it is complete"),
    20404: (404, "The requested resource {value} was not found"),
    20429: (429, "Too many requests"),
    20500: (500, "An internal server error has occurred"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url parameter is required, and must be an http(s) address. {value}"),
    21208: (400, "Timeout must be no longer than 600 seconds, and is {value}"),
    21210: (
        400,
        "The source phone number provided, {value}, is not yet verified for your account. "
        "You may only make calls from phone numbers that you've verified or purchased.",
    ),
    21211: (400, "The 'To' number {value} is not a valid phone number."),
    21212: (400, "The 'From' number {value} is not a valid phone number, shortcode, or alphanumeric sender ID."),
    21213: (400, "No 'From' number is specified"),
    21214: (400, "The 'To' phone number {value} cannot be reached"),
    21215: (400, "Account not authorized to call {value}"),
    21216: (400, "Account not allowed to call {value}"),
    21217: (400, "The phone number {value} does not appear to be valid"),
    21218: (400, "Invalid ApplicationSid {value}"),
    21220: (400, "Invalid call state. Call is not in-progress. Cannot redirect."),
    21266: (400, "'To' and 'From' number cannot be the same: {value}"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {value}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided ({value}) is not a valid message-capable phone number."),
    21609: (400, "The StatusCallback URL {value} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21612: (400, "The 'To' phone number {value} is not currently reachable via SMS"),
    21614: (400, "'To' number {value} is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
}


class Refusal(Exception):
    """The API says no: `code` as the carrier counts, `status` of HTTP."""

    def __init__(self, code: int, value: str = "") -> None:
        self.code = code
        self.status, reason = _REASONS.get(code, (400, "Refused: {value}"))
        super().__init__(reason.format(value=value).strip())

    def answer(self) -> dict[str, Any]:
        """The body of the error answer."""
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
