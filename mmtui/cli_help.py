"""The command line's manual: what each command is for, with examples; printed under its arguments by --help.

Rules of this file: text alone, imported when one command's help is asked for.
"""

from __future__ import annotations

FILES = (
    "files:\n"
    "  $XDG_CONFIG_HOME/mmtui/keymap.toml   keys of the cockpit      themes/*.toml   own themes\n"
    "  $XDG_CONFIG_HOME/mmtui/cockpit.toml  bell, desktop notices\n"
    "  $XDG_STATE_HOME/mmtui/               sessions, layouts, bookmarks, latches of a kill"
)
CODES = "exit codes: 0 done, 1 the answer is no, 2 wrong usage or config, 3 a venue or file failed"

#: command -> (what it does, examples as (line, what it is for))
MANUAL: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "demo": ("Starts a market that does not exist, quotes on paper, and opens the cockpit. It ends with q.",
             (("mmtui demo", "calm markets"), ("mmtui demo --scenario flash-crash --seed 7", "the same each time"))),
    "init": ("Asks for a name, a market and sizes, and writes a config that `mmtui run` takes.",
             (("mmtui init", "questions, then mmtui.toml"),
              ("mmtui init --yes --market synthetic desk.toml", "no questions"))),
    "run": ("The desk's host goes on when the cockpit leaves; `mmtui attach` comes back to it.",
            (("mmtui run desk.toml", "start it, or find it running"),
             ("mmtui run captures.toml --speed max", "recorded sources as fast as they go"))),
    "engine": ("For service managers: one JSON line when it is ready, then it runs until it is told to shut down.",
               (("mmtui engine desk.toml", ""), ("mmtui ctl desk-1 shutdown", "end it: cancel, verify zero"))),
    "attach": ("Any number of cockpits may look at a desk; an observer sends nothing but, where allowed, a kill.",
               (("mmtui attach desk-1", ""), ("mmtui attach desk-1 --observe", "look only"))),
    "ctl": ("One act, its answer, an exit code. The first word that is an action is the action.",
            (("mmtui ctl status --json", "for scripts"), ("mmtui ctl spread +1.0", "every instrument 1 bps wider"),
             ("mmtui ctl desk-1 skew -2 --instrument binance-usdm:BTCUSDT", ""))),
    "kill": ("Needs no cockpit and no engine: blocks, cancels, and asks every venue until it says zero.",
             (("mmtui kill", "every desk of this user"), ("mmtui kill --config desk.toml", "one that may not run"))),
    "guard": ("A process of its own, with keys and connections of its own; may run on a second host.",
              (("mmtui guard desk.toml", ""),)),
    "replay": ("The same panels over a recorded session: play, step, jump to fills, alerts, keys and bookmarks, and a\n"
               "what-if beside it.",
               (("mmtui replay SESSION", ""), ("mmtui replay incident.zip --speed 4", "a bundle of somebody else"),
                ("mmtui replay SESSION --verify", "run the engine again, compare every effect"))),
    "whatif": ("Runs the engine over the recorded market with other parameters, with paper execution; the run can be\n"
               "replayed.",
               (("mmtui whatif SESSION --set spread_bps=8", ""),
                ("mmtui whatif synthetic:trend:3 --sweep spread_bps=2..10:5 --json", ""))),
    "book": ("The depth book after the last message at or before an instant.",
             (("mmtui book SESSION --instrument sim-usdm:BTCUSDT --at 1763647402000000000 --depth 10", ""),)),
    "import": ("Raw captures become a session that can be replayed and asked what-if.",
               (("mmtui import usdm.gz spot.gz --out market", ""),)),
    "export": ("Books, trades, orders, fills and PnL as files for other tools.",
               (("mmtui export SESSION --format parquet --out out/", ""),)),
    "wire": ("Raw messages of a venue to events, one JSON line each.", (("mmtui wire binance messages.txt", ""),)),
    "venue": ("A loopback exchange for tests: REST and WebSocket of a real protocol on one port.",
              (("mmtui venue serve --protocol binance-usdm --port 8080", ""),)),
    "keys": ("Keys are sealed with a passphrase or kept in the system's keyring; no command prints a secret.",
             (("mmtui keys list", ""), ("mmtui keys check desk-1", "what a key may do at its venue"))),
    "sessions": ("Newest last; names can be given to replay, report, whatif, export, bundle.",
                 (("mmtui sessions", ""),)),
    "report": ("A handover in Markdown: PnL and its parts, orders and fills, markouts, obligations, incidents.\n"
               "The newest session where none is named.",
               (("mmtui report SESSION", ""), ("mmtui report SESSION --charts", "with plots in the terminal"),
                ("mmtui report --obligations --month 2026-11", ""))),
    "bundle": ("Market, orders, keys and decisions around an instant in one file; no key of a venue is in it.",
               (("mmtui bundle SESSION --around 14:03:22", "five minutes before and after"),
                ("mmtui replay SESSION-part-3928.zip", "on the other person's machine"))),
    "audit": ("Each record holds the digest of the one before it: a changed or missing one is found.",
              (("mmtui audit verify SESSION", ""), ("mmtui audit roots", "ends of the chains, to keep elsewhere"))),
    "sim": ("The real engine against venues, networks, disks and operators that fail; a seed tells one story.",
            (("mmtui sim --seeds 200", ""), ("mmtui sim --seed 57601 --shrink", "which faults a breach needs"))),
    "schema": ("For editors that check TOML by a JSON Schema.", (("mmtui schema > mmtui.schema.json", ""),)),
    "completion": ("Prints a script for the shell to source.",
                   (("source <(mmtui completion bash)", ""),
                    ("mmtui completion fish > ~/.config/fish/completions/mmtui.fish", ""))),
    "bench": ("Each benchmark with its figures; --json for scripts.",
              (("mmtui bench", "all"), ("mmtui bench screens", "CPU and bytes a frame of each screen"))),
    "doctor": ("Prints every limit, protection and path that is in force, and checks a config.",
               (("mmtui doctor", ""), ("mmtui doctor desk.toml", ""))),
}  # fmt: skip


def manual(name: str) -> str:
    """What stands under a command's arguments."""
    text, examples = MANUAL[name]
    long = max(len(line) for line, _ in examples)
    rows = [f"  {line:<{long}}   {what}".rstrip() for line, what in examples]
    cockpit = (FILES,) if name in ("demo", "run", "attach", "replay") else ()
    return "\n\n".join([text, "examples:\n" + "\n".join(rows), *cockpit, CODES])
