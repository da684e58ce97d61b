"""A venue's instants on our clock, where the account is concerned: reports, lists, and the instants of questions.

Rules of this file: pure; `offset` is the venue's clock minus ours, ns.
"""

from __future__ import annotations

import msgspec

from mmtui.venues.account_messages import Answer, AskFills, AskLedger, FillList, LedgerList
from mmtui.venues.binance.reports import Report

#: A smaller difference is left alone: it is measurement.
LEAST = 1_000_000


def report_shifted(report: Report, offset: int) -> Report:
    if abs(offset) < LEAST:
        return report
    return msgspec.structs.replace(report, ts_event=max(1, report.ts_event - offset))


def answer_shifted(answer: Answer, offset: int) -> Answer:
    if abs(offset) < LEAST:
        return answer
    if isinstance(answer, FillList):
        return FillList([msgspec.structs.replace(one, ts_event=max(1, one.ts_event - offset)) for one in answer.fills])
    if isinstance(answer, LedgerList):
        return LedgerList([msgspec.structs.replace(row, ts_event=max(1, row.ts_event - offset)) for row in answer.rows])
    return answer


def since_shifted(request: AskFills | AskLedger, offset: int) -> AskFills | AskLedger:
    """The same question in the venue's time; 0 stays: from the beginning."""
    if not request.since or abs(offset) < LEAST:
        return request
    return msgspec.structs.replace(request, since=max(1, request.since + offset))
