"""From a kill to the last cancel byte at the exchanges: 200 orders on 4 venues, 10,000 messages a second.

    python tests/kill_bytes.py [--presses N] [--key] [--rate MESSAGES] [--levels N]

A live desk on four loopback exchanges (Binance spot, and USDS-M three times under names of its own), each behind a
relay (kits/relay_kit.py) that notes when the bytes of a cancel arrive, and repeats the market's frames until the desk
has that many messages a second to decode.  Pressed is the act at the host's socket, or with --key the chord in a real
cockpit on a pseudo-terminal.  "last cancel" is when every open order is named by a cancel that has arrived: its
symbol's cancel-all or its own; "by id too" when each has been named by its own id as well, where that was done at once.

Rules of this file: it measures and prints (what it has, when it is interrupted); every press begins with all orders
open, and ends at zero, verified.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "kits"), str(HERE / "host")]

from conftest import Home  # noqa: E402
from live_kit import until  # noqa: E402
from loopback_kit import Loopback  # noqa: E402
from relay_kit import Cancel, Relay  # noqa: E402

from mmtui.bench.cockpit import Terminal  # noqa: E402
from mmtui.host.ctl import new_id, result, status  # noqa: E402
from mmtui.link.blocking import BlockingConnection, hello  # noqa: E402
from mmtui.link.codec import encode  # noqa: E402
from mmtui.link.messages import Cmd  # noqa: E402

VENUES = ("binance-spot", "binance-usdm", "binance-usdm-2", "binance-usdm-3")
SYMBOLS = ("BTCUSDT", "ETHUSDT")
#: Imported by every process of the desk: the two other USDS-M venues stand in its tables, as the first one.
ALIASES = """
try:
    from msgspec.structs import replace
    import mmtui.venues.binance.profile as profile
    import mmtui.venues.binance.trading as trading, mmtui.venues.binance.public as public
    for name in ("binance-usdm-2", "binance-usdm-3"):
        profile.MARKETS[name] = replace(profile.USDM, id=name)
        trading.TRADING[name] = replace(trading.TRADING["binance-usdm"], id=name)
        public.BINANCE[name] = replace(public.BINANCE["binance-usdm"], id=name)
        for (venue, symbol), row in list(profile.TABLE.items()):
            if venue == "binance-usdm":
                profile.TABLE[name, symbol] = row
    import mmtui.venues.binance.links as links
    for name in ("binance-usdm-2", "binance-usdm-3"):
        links.LINKS[name] = links.LINKS["binance-usdm"]
    import mmtui.venues.binance.paths as paths, mmtui.venues.live.signables as signables
    for name in ("binance-usdm-2", "binance-usdm-3"):
        signables.SIGNABLE[name] = signables.SIGNABLE["binance-usdm"]
        paths.PATHS[name] = paths.PATHS["binance-usdm"]
except ImportError:
    pass
"""
HEAD = """
[desk]
name = "bytes"
mode = "live"
equity = 100_000_000
[limits]
messages_per_s = 1000
drawdown = 1e9
daily_loss = 1e9
repeated_fills = 0
loop_lag_ms = 0
ease_back_s = 0
trips_to_pause = 1_000_000
stale_major_ms = 60_000
[guard]
enabled = false
"""
PROFILE = """
[quoting.{name}]
fair_value = "ewma"
fair_tau_s = 30
spread_bps = 40.0
size = {size}
levels = {levels}
spacing_bps = 1.0
requote_tolerance_bps = 25.0
min_life_ms = 60_000
skew_bps = 0.0
size_skew = 0.0
"""
VENUE = """
[[venue]]
id = "{id}"
rest = "http://127.0.0.1:{rest}"
ws = "ws://127.0.0.1:{ws}"
keys = "env:LOOPBACK"
accept_unbounded = true
"""
INSTRUMENT = """
[[instrument]]
id = "{id}:{symbol}"
quoting = "{profile}"
max_position = {most}
{more}
"""


class Bench:
    """Four exchanges behind relays, and a desk that has its orders on them."""

    def __init__(self, levels: int) -> None:
        self.home = Home(Path(tempfile.mkdtemp(prefix="mm")))
        (self.home.root / "site").mkdir()
        (self.home.root / "site" / "sitecustomize.py").write_text(ALIASES)
        path = os.environ.get("PYTHONPATH", "")
        self.home.env["PYTHONPATH"] = f"{self.home.root / 'site'}:{path or HERE.parent}"
        kinds = [venue.removesuffix("-2").removesuffix("-3") for venue in VENUES]
        self.servers = [Loopback(kind, "--seed", str(k)) for k, kind in enumerate(kinds, 1)]
        self.calls = [Relay(server.port) for server in self.servers]
        self.streams = [Relay(server.port) for server in self.servers]
        ready = self.servers[0].ready
        self.home.env |= {"LOOPBACK_KEY": ready["key"], "LOOPBACK_SECRET": ready["secret"]}
        self.orders = levels * 2 * len(SYMBOLS) * len(VENUES)
        config = self.home.root / "bytes.toml"
        config.write_text(self.text(levels))
        try:
            self.process, self.ready = self.home.engine(config, "--live")
            until(lambda: {one["reason"] for one in self.status()["instruments"].values()} == {"PAUSED"}, 120.0)
        except BaseException:
            self.close()
            raise

    def text(self, levels: int) -> str:
        text = HEAD + PROFILE.format(name="btc", size=0.005, levels=levels)
        text += PROFILE.format(name="eth", size=0.05, levels=levels)
        held = self.servers[0].admin()["balances"]
        for venue, calls, streams in zip(VENUES, self.calls, self.streams, strict=True):
            text += VENUE.format(id=venue, rest=calls.port, ws=streams.port)
            for symbol, profile, most in zip(SYMBOLS, ("btc", "eth"), (5, 50), strict=True):
                more = f"baseline = {held[symbol.removesuffix('USDT')]}" if venue == "binance-spot" else ""
                text += INSTRUMENT.format(id=venue, symbol=symbol, profile=profile, most=most, more=more)
        return text

    def status(self) -> dict[str, Any]:
        body: dict[str, Any] = self.home.status("bytes")
        return body

    def act(self, *words: str) -> None:
        self.home.run("ctl", "bytes", *words, code=None)

    def open(self) -> int:
        return sum(one["open_orders"] for one in self.status()["instruments"].values())

    def quoting(self, connection: BlockingConnection) -> None:
        """All orders open."""

        def done() -> bool:
            body = status(connection, 60.0)
            if body["state"] == "KILLED":
                act(connection, "resume")
            there = sum(one["open_orders"] for one in body["instruments"].values())
            if there >= self.orders and body["state"] == "RUNNING":
                return True
            if body["state"] != "KILLED":
                act(connection, "start")
            return False

        until(done, 300.0, 0.5)

    def flood(self, rate: float) -> float:
        """Repeat the market's frames until so many come a second; what it is then."""
        measured = self._rate(1)
        times = max(1, round(rate / max(measured, 1.0)))
        return self._rate(times)

    def _rate(self, times: int) -> float:
        for relay in self.streams:
            relay.times, relay.frames = times, 0
        began = time.monotonic()
        time.sleep(3.0)
        return sum(relay.frames for relay in self.streams) / (time.monotonic() - began)

    def close(self) -> None:
        for relay in (*self.calls, *self.streams):
            relay.close()
        for server in self.servers:
            server.close()
        self.home.close()


def act(connection: BlockingConnection, action: str) -> None:
    result(connection, Cmd(id=new_id(), action=action, reason="next press"), 60.0)


def judged(began: int, bench: Bench, orders: list[set[tuple[str, str]]]) -> tuple[float, float]:
    """(last cancel, by id too), ms: when every open order (its symbol, its id) of every venue was named."""
    whole = ids = began
    for relay, mine in zip(bench.calls, orders, strict=True):
        named, own = dict.fromkeys(mine, 0), dict.fromkeys(mine, 0)
        for one in [cancel for cancel in list(relay.cancels) if cancel.at >= began and not cancel.algo]:
            for order in covered(one, mine):
                named[order] = named[order] or one.at
                if one.ids:
                    own[order] = own[order] or one.at
        assert all(named.values()), f"{sum(not at for at in named.values())} open orders were never named by a cancel"
        whole = max([whole, *named.values()])
        ids = max([ids, *own.values()]) if all(own.values()) else ids
    return (whole - began) / 1e6, (ids - began) / 1e6


def covered(cancel: Cancel, orders: set[tuple[str, str]]) -> list[tuple[str, str]]:
    if cancel.ids:
        return [(cancel.symbol, one) for one in cancel.ids if (cancel.symbol, one) in orders]
    return [one for one in orders if one[0] == cancel.symbol]


def press(bench: Bench, connection: BlockingConnection, terminal: Terminal | None) -> tuple[float, float]:
    orders: list[set[tuple[str, str]]] = []
    while sum(map(len, orders)) < bench.orders:  # a protection may pull them between two looks
        bench.quoting(connection)
        orders = [{(one["symbol"], one["client"]) for one in server.admin()["open_orders"]} for server in bench.servers]
    for relay in bench.calls:
        relay.cancels.clear()
    data = encode(Cmd(id=new_id(), action="kill", reason="press"))
    began = time.monotonic_ns()
    if terminal is not None:
        terminal.press(b"\x1c")  # Ctrl+\
    else:
        connection._socket.sendall(data)

    def proven() -> bool:
        body = status(connection, 60.0)
        return bool(body["state"] == "KILLED" and body["kill_proven"])

    until(proven, 120.0, 0.02)
    assert not any(server.admin()["open_orders"] for server in bench.servers)
    return judged(began, bench, orders)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=1_000, metavar="N")
    parser.add_argument("--key", action="store_true", help="by the chord in a cockpit on a pseudo-terminal")
    parser.add_argument("--rate", type=float, default=10_000.0, metavar="MESSAGES", help="a second, of all venues")
    parser.add_argument("--levels", type=int, default=13, metavar="N", help="a side and instrument: 16 N orders")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its exchanges end with it
    bench = Bench(args.levels)
    terminal = None
    found: list[tuple[float, float]] = []
    try:
        with BlockingConnection(Path(bench.ready["socket"]), hello(client="ctl")) as connection:
            bench.quoting(connection)
            if args.key:
                terminal = Terminal([sys.executable, "-m", "mmtui", "attach", "bytes"],
                                    {**bench.home.env, "TERM": "xterm-256color"})  # fmt: skip
                terminal.read(60.0, b"RUNNING")
                threading.Thread(target=terminal.read, args=(1e6,), daemon=True).start()
            rate = bench.flood(args.rate)
            print(f"{bench.orders} orders on {len(VENUES)} venues, {rate:,.0f} messages/s, load "
                  f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)  # fmt: skip
            for _ in range(args.presses):
                found.append(press(bench, connection, terminal))
    except KeyboardInterrupt:
        print(f"interrupted after {len(found)} presses")
    finally:
        if terminal is not None:
            terminal.end()
        bench.close()
    way = "key in a pty" if args.key else "host"
    for place, name in enumerate(("last cancel", "by id too")):
        times = sorted(one[place] for one in found if one[place])
        if times:
            p50, p99 = times[len(times) // 2], times[min(len(times) - 1, round(0.99 * len(times)))]
            print(f"{way} -> {name:<12} {len(times):>5} presses   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms")


if __name__ == "__main__":
    main()
