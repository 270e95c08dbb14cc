"""A node of a folder that has a carrack.toml: started, looked at, killed; and what its store says."""
import json
import os
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = os.path.join(ROOT, "target", "release")


# Asked to end, a script ends as after a fault: what it started ends with it.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Node:
    def __init__(self, folder):
        self.folder = folder
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [f"{PROGRAMS}/carrack", "serve", "--config", f"{folder}/carrack.toml"],
            env={**os.environ, "CARRACK_LOG": "error"},
        )
        ready = f"{folder}/data/ready.json"
        while True:
            assert self.process.poll() is None, "the node ended"
            try:
                said = json.load(open(ready, encoding="utf-8"))
                if said["pid"] == self.process.pid:
                    break
            except (OSError, ValueError, KeyError):
                pass
            time.sleep(0.02)
        self.smpp, self.http = said.get("smpp"), said["http"]
        self.start_seconds = time.monotonic() - begun

    def rss_mb(self, which="VmRSS"):
        """Memory now; `VmHWM`: the most that it ever was."""
        for line in open(f"/proc/{self.process.pid}/status", encoding="utf-8"):
            if line.startswith(which):
                return int(line.split()[1]) // 1024
        return 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


def audit(folder):
    command = [f"{PROGRAMS}/carrack", "audit", "--data-dir", f"{folder}/data", "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=False).stdout)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
