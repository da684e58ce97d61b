"""The README's section of quoting parameters, made from the code and from core/quoting_rows.toml.

    python tests/readme_tables.py          write the section anew between its two marks

Rules of this file: every fact comes from the code or the table of rows; nothing is written here but headings.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from mmtui.core.quoting.params import REFERENCE, Quoting, ranges
from mmtui.core.quoting.params_fair import FairParams
from mmtui.core.quoting.params_flow import FlowParams
from mmtui.core.quoting.params_guards import GuardParams
from mmtui.core.quoting.params_ladder import LadderParams
from mmtui.core.quoting.params_pairs import PairParams
from mmtui.core.quoting.params_price import PriceParams

README = Path(__file__).resolve().parents[1] / "README.md"
ROWS = Path(__file__).resolve().parent / "core" / "quoting_rows.toml"
BEGIN, END = "<!-- quoting parameters: made by tests/readme_tables.py -->\n", "<!-- end of quoting parameters -->\n"

SIGNALS = ("imbalance_", "flow_", "momentum_", "premium_")
SKEW = ("skew_", "size_skew", "dead_band", "target_", "cost_floor", "funding_skew")


def own(part: type) -> list[str]:
    """Fields that a part of the parameters adds."""
    return [name for name in part.__annotations__ if name in Quoting.__struct_fields__]


def groups() -> dict[str, list[str]]:
    """Heading -> parameters, in the order of the code."""
    fair, price, ladder = own(FairParams), own(PriceParams), own(LadderParams)
    skew = [name for name in (*price, *ladder) if name.startswith(SKEW)]
    return {
        "fair value": [name for name in fair if not name.startswith(SIGNALS)],
        "signals": [name for name in fair if name.startswith(SIGNALS)],
        "spread": [name for name in price if name not in skew],
        "skew": skew,
        "ladder": [name for name in ladder if name not in skew],
        "flow": own(FlowParams),
        "pairs": own(PairParams),
        "guards": own(GuardParams),
    }


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(ROWS.read_text())["row"]
    return found


def default(name: str) -> str:
    value = getattr(Quoting(), name)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,g}"
    return value or "none"


def table(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *body]
    return "".join(f"| {' | '.join(cell.replace('|', 'or') for cell in line)} |\n" for line in lines)


def section() -> str:
    """What stands between the marks."""
    allowed = ranges()
    text = [
        "## Quoting parameters\n\n",
        "Keys of `[quoting.NAME]` in a config, of `ctl set KEY=VALUE`, and of `whatif --set` and `--sweep`; all are",
        " live. `mmtui doctor` prints them too.\n\n",
        f"<details><summary>All {len(Quoting.__struct_fields__)} parameters</summary>\n\n",
    ]
    for heading, names in groups().items():
        body = [
            (f"`{name}`", default(name), allowed[name].replace(" | ", ", "), REFERENCE[name][0], REFERENCE[name][1])
            for name in names
        ]
        text += [f"**{heading}**\n\n", table(("key", "default", "allowed", "unit", "what it does"), body), "\n"]
    text += [
        "</details>\n\n",
        "<details><summary>What other engines have and this one leaves out, and why</summary>\n\n",
        table(("what", "left out"), [(row["term"], row["left"]) for row in rows() if "left" in row]),
        "\n",
        "In part:\n\n",
        table(
            ("what", "is here", "is left out"),
            [
                (
                    row["term"],
                    ", ".join(f"`{key}`" for key in row.get("keys", [])) or row["always"],
                    row["without"],
                )
                for row in rows()
                if "without" in row
            ],
        ),
        "\n</details>\n",
    ]
    return "".join(text)


def parts(readme: str) -> tuple[str, str, str]:
    """The README before, inside and after the section."""
    before, _, rest = readme.partition(BEGIN)
    inside, _, after = rest.partition(END)
    return before, inside, after


def main() -> None:
    before, _, after = parts(README.read_text())
    README.write_text(before + BEGIN + section() + END + after)


if __name__ == "__main__":
    main()
