"""The soak over loopback exchanges keeps working: a short one, judged by its invariants, not by its times."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).resolve().parents[1] / "soak_loopback.py"


def test_a_short_soak_has_no_breach():
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(SOAK.parents[1]), os.environ.get("PYTHONPATH", "")))}
    command = [sys.executable, str(SOAK), "--minutes", "0.2", "--seed", "3", "--untimed"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no breach" in done.stdout
    assert "kill -9 engine" in done.stdout
