"""The venue's refusals as it words them: code, HTTP status and text.

Source: the error tables of the venue's public documentation (spot and USDS-M futures).
Rules of this file: data, and the exception that carries one of them to the edge.
"""

from __future__ import annotations

#: code -> text. "{}" is filled in.
TEXTS: dict[int, str] = {
    -1003: "Too many requests; current limit is {} request weight per 1 MINUTE.",
    -1013: "Filter failure: {}",
    -1015: "Too many new orders; current limit is {} orders per {}.",
    -1021: "Timestamp for this request is outside of the recvWindow.",
    -1022: "Signature for this request is not valid.",
    -1100: "Illegal characters found in parameter '{}'.",
    -1102: "Mandatory parameter '{}' was not sent, was empty/null, or malformed.",
    -1106: "Parameter '{}' sent when not required.",
    -1111: "Precision is over the maximum defined for this asset.",
    -1115: "Invalid timeInForce.",
    -1116: "Invalid orderType.",
    -1117: "Invalid side.",
    -1121: "Invalid symbol.",
    -1125: "This listenKey does not exist.",
    -2010: "{}",
    -2011: "Unknown order sent.",
    -2013: "Order does not exist.",
    -2014: "API-key format invalid.",
    -2015: "Invalid API-key, IP, or permissions for action.",
    -2019: "Margin is insufficient.",
    -2022: "ReduceOnly Order is rejected.",
    -4003: "Quantity less than or equal to zero.",
    -4014: "Price not increased by tick size.",
    -4016: "Limit price can't be higher than {}.",
    -4023: "Qty not increased by step size.",
    -4059: "No need to change position side.",
    -4061: "Order's position side does not match user's setting.",
    -4067: "Position side cannot be changed if there exists open orders.",
    -4068: "Position side cannot be changed if there exists position.",
    -4116: "ClientOrderId is duplicated.",
    -4164: "Order's notional must be no smaller than {} (unless you choose reduce only).",
    -5022: "Due to the order could not be executed as maker, the Post Only order will be rejected. "
    "The order will not be recorded in the order history",
}
UNAUTHORISED = frozenset({-2014, -2015})


class Refusal(Exception):
    """An error of the venue; it never leaves the server but as JSON."""

    def __init__(self, code: int, *words: object, status: int = 0) -> None:
        self.code = code
        self.text = TEXTS[code].format(*words)
        self.status = status or (401 if code in UNAUTHORISED else 400)
        super().__init__(f"{code}: {self.text}")

    def body(self) -> dict[str, object]:
        return {"code": self.code, "msg": self.text}
