"""The visit of a new user, in a pseudo-terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_demo_shows_books_quotes_kills_and_leaves():
    script = Path(__file__).with_name("smoke.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
