"""`mmtui completion bash|zsh|fish`: commands, options and acts for a shell's tab key.

Rules of this file: text made from the command line's own tables; nothing is asked of the system.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from mmtui.core.commands import ACTS

Words = dict[str, tuple[str, list[str]]]  # sub-command -> (help, its options)

SHELLS = ("bash", "zsh", "fish")


def words() -> Words:
    """Every sub-command with its help and its options."""
    from mmtui.cli import build_parser
    from mmtui.cli_commands import COMMANDS

    _, parsers = build_parser()
    out: Words = {}
    for sub in COMMANDS:
        parser = parsers[sub.name]
        sub.arguments(parser)
        options = [text for action in parser._actions for text in action.option_strings if text.startswith("--")]
        out[sub.name] = (sub.help, options)
    return out


def script(shell: str) -> str:
    """What a shell is to source."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](words())


def _acts() -> list[str]:
    return ["status", *(act.name for act in ACTS)]


def _bash(found: Words) -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(options)}";;' for name, (_, options) in found.items())
    return f"""# mmtui completion for bash:  source <(mmtui completion bash)
_mmtui() {{
  local here="${{COMP_WORDS[COMP_CWORD]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(found)} --help --version" -- "$here"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  if [ "${{COMP_WORDS[1]}}" = ctl ]; then words="$words {" ".join(_acts())}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$here"))
  [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "$here"))
}}
complete -o filenames -F _mmtui mmtui
"""


def _zsh(found: Words) -> str:
    commands = _lines(f"    {_quoted(f'{name}:{_colons(text)}')}" for name, (text, _) in found.items())
    cases = _lines(f"    {name}) options=({' '.join(options)});;" for name, (_, options) in found.items())
    return f"""#compdef mmtui
# mmtui completion for zsh:  mmtui completion zsh > "${{fpath[1]}}/_mmtui"
_mmtui() {{
  local -a commands options
  commands=(
{commands}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
{cases}
  esac
  if [[ $words[2] == ctl ]]; then options+=({" ".join(_acts())}); fi
  compadd -a options
  _files
}}
compdef _mmtui mmtui
"""


def _fish(found: Words) -> str:
    lines = ["# mmtui completion for fish:  mmtui completion fish > ~/.config/fish/completions/mmtui.fish"]
    for name, (text, options) in found.items():
        lines.append(f"complete -c mmtui -n __fish_use_subcommand -f -a {name} -d {_quoted(text)}")
        inside = _quoted(f"__fish_seen_subcommand_from {name}")
        lines += [f"complete -c mmtui -n {inside} -l {option[2:]}" for option in options]
    inside = _quoted("__fish_seen_subcommand_from ctl")
    lines.append(f"complete -c mmtui -n {inside} -f -a {_quoted(' '.join(_acts()))}")
    return "\n".join(lines) + "\n"


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(texts)


def _colons(text: str) -> str:
    return text.replace(":", "\\:")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    print(script(args.shell), end="")
    return 0
