"""`mmtui schema`: the JSON Schema of a config, for editors that complete and check TOML.

Rules of this file: made from the same types that read a config; the reference texts become descriptions.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import msgspec

from mmtui.config.schema import REFERENCE, Access, Alerts, Desk, Guard, InstrumentKeys, Tape, Venue
from mmtui.core.earn.programme import Obligation
from mmtui.core.hedging import params as hedging
from mmtui.core.quoting import params
from mmtui.core.risk import limits
from mmtui.core.risk.calendar import CalendarEvent
from mmtui.core.setup import PaperSetup


class Config(msgspec.Struct, forbid_unknown_fields=True):
    """A whole file."""

    desk: Desk
    venue: list[Venue]
    instrument: list[InstrumentKeys] = []
    quoting: dict[str, params.Quoting] = {}
    limits: limits.Limits = limits.Limits()
    paper: PaperSetup = PaperSetup()
    tape: Tape = Tape()
    guard: Guard = Guard()
    alerts: Alerts = Alerts()
    access: Access = Access()
    obligation: list[Obligation] = []
    event: list[CalendarEvent] = []
    hedge: dict[str, hedging.Hedge] = {}


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a config file."""
    (reference,), parts = msgspec.json.schema_components([Config], ref_template="#/$defs/{name}")
    texts: dict[str, dict[str, str]] = {
        "Desk": REFERENCE["desk"],
        "Venue": REFERENCE["venue"],
        "InstrumentKeys": REFERENCE["instrument"],
        "PaperSetup": REFERENCE["paper"],
        "Guard": REFERENCE["guard"],
        "Alerts": REFERENCE["alerts"],
        "Access": REFERENCE["access"],
        "Obligation": REFERENCE["obligation"],
        "CalendarEvent": REFERENCE["event"],
        "Quoting": {key: f"{text} [{unit}]" if unit else text for key, (unit, text) in params.REFERENCE.items()},
        "Hedge": {key: f"{text} [{unit}]" if unit else text for key, (unit, text) in hedging.REFERENCE.items()},
        "Limits": {key: f"{text} [{unit}]" if unit else text for key, (unit, text) in limits.REFERENCE.items()},
    }
    for name, part in parts.items():
        for key, text in texts.get(name, {}).items():
            part["properties"][key]["description"] = text
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "a desk of mmtui",
        **reference,
        "$defs": parts,
    }


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    print(json.dumps(schema(), indent=1))
    return 0
