"""The keys of a config: types, ranges, defaults and the reference text of each.

Rules of this file: data only.  [quoting.NAME], [limits] and [paper] are structs of core; here stand the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmtui.core.earn import programme
from mmtui.core.risk import calendar
from mmtui.core.setup import DeskSetup

Amount = int | float | str
User = Annotated[int, Meta(ge=0, le=2**32 - 2)] | Annotated[str, Meta(pattern=r"^[^\s:,/]{1,64}$")]
Bps = Annotated[float, Meta(ge=-100, le=1_000)]


class Desk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[desk]"""

    name: str
    mode: Literal["paper", "shadow", "live", "demo"] = "paper"
    currency: Annotated[str, Meta(pattern="^[A-Z0-9]{2,12}$")] = "USDT"
    equity: Amount = 100_000
    autostart: bool = False
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1


class Tape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[tape]: closed sessions older than `keep_days` go, then the oldest beyond `keep_gb`; 0: no limit."""

    keep_days: Annotated[float, Meta(ge=0, le=36_500)] = 90.0
    keep_gb: Annotated[float, Meta(ge=0, le=1_000_000)] = 50.0


class Guard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[guard]: the process that cancels a live desk's orders when its decision loop falls silent."""

    enabled: bool = True
    silence_s: Annotated[float, Meta(ge=0.3, le=30)] = 0.8
    remote: Annotated[str, Meta(pattern=r"^([^\s/:]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5})?$")] = ""
    secret: Annotated[str, Meta(pattern=r"^((env|file):.+)?$")] = ""
    remote_silence_s: Annotated[float, Meta(ge=1, le=120)] = 3.0


class Alerts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[alerts]: what the host tells a webhook, with no cockpit too."""

    webhook: Annotated[str, Meta(pattern=r"^((env|file):.+)?$")] = ""
    severity: Literal["warn", "danger"] = "danger"
    repeat_s: Annotated[float, Meta(ge=0, le=3_600)] = 60.0
    repeats: Annotated[int, Meta(ge=0, le=100)] = 10


class Access(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[access]: which users of this machine are what on the desk; proven by the socket, whatever a client says."""

    admins: list[User] = []
    operators: list[User] = []
    observers: list[User] = []
    socket: Annotated[str, Meta(pattern=r"^(/.{0,102})?$")] = ""


class Fees(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    maker: Bps
    taker: Bps


class Venue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[venue]]"""

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
    source: str | list[str] = ""
    fees_bps: Fees | None = None
    rest: Annotated[str, Meta(pattern=r"^(https?://[^/?#\s]+)?$")] = ""
    ws: Annotated[str, Meta(pattern=r"^(wss?://[^/?#\s]+)?$")] = ""
    keys: Annotated[str, Meta(pattern=r"^((env|file|keyring|sealed):.+)?$")] = ""
    kill_keys: Annotated[str, Meta(pattern=r"^((env|file|keyring|sealed):.+)?$")] = ""
    accept_unbounded: bool = False
    equity: Amount = 0
    position_mode: Literal["net", "hedge"] = "net"


class InstrumentKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[instrument]]"""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}:[\w/.:-]{1,40}$")]
    quoting: str = ""
    quote: bool = True
    target: Amount = 0
    max_position: Amount = 0
    max_order: Amount = 0
    baseline: Amount = 0
    tick: Amount | None = None
    lot: Amount | None = None
    contract_size: Amount | None = None
    min_notional: Amount | None = None


#: section -> key -> what it does. The test suite checks that every key stands here.
REFERENCE: dict[str, dict[str, str]] = {
    "desk": {
        "name": "the desk's name: letters, digits, - and _; no word of `mmtui ctl`",
        "mode": "paper: simulated execution; shadow and live: real venues; demo: paper on a synthetic market",
        "currency": "PnL and limits are shown in it",
        "equity": "what percentages of limits refer to, in currency",
        "autostart": "true: start RUNNING; false: PAUSED until an operator starts",
        "seed": "of everything that is drawn by chance (paper latency, synthetic market)",
    },
    "venue": {
        "id": "binance-spot, binance-usdm, binance-coinm, okx, bybit, deribit, hyperliquid, kraken-spot, "
        "kraken-futures; data only: bybit-spot, coinbase, gate-spot, gate-futures, dydx, bitmex, bitget, ccxt-NAME; "
        "sim-spot, sim-usdm, sim-coinm of the synthetic market",
        "source": "capture files (relative to this file), or synthetic:SCENARIO[:SEED]; without it: the live venue",
        "rest": "address of the REST calls in place of the venue's own: a loopback exchange, a testnet",
        "ws": "address of the streams in place of the venue's own",
        "keys": "sealed:NAME or keyring:NAME (both by `mmtui keys add NAME`), file:PATH (TOML with key and secret, "
        "mode 0600), or env:NAME (the variables NAME_KEY and NAME_SECRET; with a warning); OKX: passphrase too; "
        "Hyperliquid: the account's address and the private key of an API wallet",
        "kill_keys": "keys of the guard and of `mmtui kill`, where they have their own (cancelling is all they need)",
        "accept_unbounded": "true: trade live without a dead-man switch at the venue, with at most 10 % of equity",
        "fees_bps": "{ maker = 2.0, taker = 4.0 } in bps of notional; a negative one is a rebate",
        "equity": "what the account there holds, in currency: its leverage is measured by it; 0: the desk's equity",
        "position_mode": "net: one position a contract; hedge: the account holds a long and a short leg of each at "
        "once (Binance: dual side position); orders reduce a leg before they open one, and a live desk asks the venue",
    },
    "instrument": {
        "id": "venue:SYMBOL; of a venue ccxt-NAME by ccxt's unified symbol (BTC/USDT, BTC/USDT:USDT)",
        "quoting": "name of a [quoting.NAME] profile; without it [quoting.default], or the defaults",
        "quote": "false: shown, not quoted",
        "target": "inventory that the desk wants to hold: base units (contracts on inverse); spot: above the baseline",
        "max_position": "largest position either way, in the same units; 0: 20 x the quoted size",
        "max_order": "largest order that may add, in the same units; 0: as max_position and order_notional let it be",
        "baseline": "spot: the balance that is treasury, not inventory; sales come out of it, so 0 quotes bids first",
        "tick": "price increment, where the venue's is not known",
        "lot": "size increment, where the venue's is not known",
        "contract_size": "quote units a contract (inverse), base units a contract (linear)",
        "min_notional": "smallest order in quote units",
    },
    "guard": {
        "enabled": "false: no guard process is started with a live desk; the screen says so for as long as it runs",
        "silence_s": "the guard cancels when the decision loop has made no turn for so long",
        "remote": "HOST:PORT of a second host's `mmtui guard CONFIG --listen`; without it there is none",
        "secret": "env:NAME (a variable) or file:PATH (mode 0600): what both hosts know, 16 characters at the least",
        "remote_silence_s": "the second host cancels after so long without a heartbeat, a cut of the network included; "
        "the desk creates no order once six tenths of it have passed without an answer",
    },
    "alerts": {
        "webhook": "env:NAME or file:PATH (mode 0600) that holds its address: https, or http on this machine",
        "severity": "what is sent: danger (halts, kills, breaks), or warn and danger",
        "repeat_s": "a danger that no cockpit has acknowledged is sent again after so many seconds; 0: never",
        "repeats": "so many times",
    },
    "access": {
        "admins": "users (names or uids) who raise limits where admins_raise asks for one; operators as well",
        "operators": "users who act; the desk's own user is one unless it is named elsewhere",
        "observers": "users who look, and kill where observers_may_kill lets them",
        "socket": "path of a second socket that other users of the machine can reach (`mmtui ctl --socket PATH`, "
        "`mmtui attach --socket PATH`), in a folder that only you or root can write; the desk's own stays private",
    },
    "obligation": programme.REFERENCE,
    "event": calendar.REFERENCE,
    "paper": {
        "latency_in_ms": "from the desk to the venue, never 0",
        "latency_out_ms": "from the venue to the desk, never 0",
        "jitter_ms": "spread of both, drawn from the seed",
        "model": "pessimistic: unexplained decreases of a level are behind us; optimistic: in proportion",
    },
}


class CaptureFiles(msgspec.Struct, frozen=True):
    """Raw captures of one venue, in the order given."""

    venue: str
    paths: list[Path]


class Synthetic(msgspec.Struct, frozen=True):
    """The seeded synthetic market (all its venues are one market)."""

    scenario: str
    seed: int


class LiveVenue(msgspec.Struct, frozen=True):
    """A real venue, or what speaks its protocol at another address."""

    venue: str
    rest: str = ""
    ws: str = ""
    keys: str = ""
    accept_unbounded: bool = False
    kill_keys: str = ""


Source = CaptureFiles | Synthetic | LiveVenue


class DeskConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A config, read and checked."""

    setup: DeskSetup
    sources: list[Source]
    path: Path
    text: str
    tape: Tape = Tape()
    guard: Guard = Guard()
    alerts: Alerts = Alerts()
    access: Access = Access()
