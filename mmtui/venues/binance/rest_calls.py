"""REST calls of Binance and their replies, as data, and what a reply says before anybody looks for its meaning.

Rules of this file: pure; a reply that cannot be read says that nobody knows, never that nothing happened.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

import msgspec

from mmtui.venues.account_messages import Answer, Failed, Refused


class Call(NamedTuple):
    """One call to be signed and sent."""

    method: str
    path: str
    params: dict[str, str]


class Reply(NamedTuple):
    """What came back. status 0: no answer (`text` says why: timeout or network)."""

    status: int
    body: bytes = b""
    retry_after_ms: int = 0
    text: str = ""
    sent: int = 0  # engine's clock
    headers: Mapping[str, str] = {}


#: Yields calls, is sent their replies, returns the Answer.
Conversation = Generator[list[Call], list[Reply], Answer]


def read(reply: Reply) -> tuple[Any, Failed | Refused | None]:
    """The JSON of a good answer, or what went wrong."""
    status = reply.status
    if status == 0:
        return None, Failed(reply.text or "network")
    if status in (403, 418, 429):
        return None, Failed(str(status), reply.retry_after_ms)
    try:
        body = msgspec.json.decode(reply.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None, Failed("5xx")
    code = str(body.get("code", "")) if isinstance(body, dict) else ""
    if status >= 500 and code != "-1008":
        return None, Failed("5xx")
    if status >= 400:
        return None, Refused(code or str(status), words(body))
    return body, None


def words(body: Any) -> str:
    return str(body.get("msg", ""))[:200] if isinstance(body, dict) else ""


def step(talk: Conversation, replies: list[Reply] | None) -> tuple[list[Call], Answer | None]:
    """Go on with a conversation (None: begin it): the next calls, or the answer."""
    try:
        return (next(talk) if replies is None else talk.send(replies)), None
    except StopIteration as over:
        answer: Answer = over.value
        return [], answer
