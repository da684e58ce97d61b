"""A loopback exchange in a process of its own, for tests that talk to it over real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from typing import Any


class Loopback:
    """`mmtui venue serve` as a child."""

    def __init__(self, protocol: str, *args: str, port: int = 0) -> None:
        self.protocol = protocol
        command = [sys.executable, "-m", "mmtui", "venue", "serve", "--protocol", protocol, "--port", str(port), *args]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.rest: str = self.ready["rest"]
        self.ws: str = self.ready["ws"]
        self.port = int(self.rest.rpartition(":")[2])

    def admin(self, **changes: Any) -> dict[str, Any]:
        """What the exchange knows, after some changes."""
        data = json.dumps(changes).encode() if changes else None
        with urllib.request.urlopen(f"{self.rest}/loopback", data, timeout=5) as answer:
            body = json.loads(answer.read())
        assert isinstance(body, dict)
        return body

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
