"""`python -m tests.local.stand_in PROGRAM …`: the supervisor with other programs than Evoserver's.

`web` serves /health and an endless /stream; `stubborn` does so too and ignores SIGTERM, as a server with a stuck
stream would; `fragile` dies at once; `parent` has a child of its own.
"""

import sys

from evoserver.local.__main__ import main as supervise
from evoserver.local.environment import PROJECT
from evoserver.local.instance import Instance
from evoserver.local.process import Child
from evoserver.local.product import Product

WEB = """
import http.server, os, signal, sys, time
if sys.argv[1] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        answers = {"/pid": str(os.getpid()), "/database": os.environ["DATABASE_URL"]}
        self.wfile.write(answers.get(self.path, "").encode())
        while self.path == "/stream":
            self.wfile.write(b":\\n\\n")
            time.sleep(0.1)

    def log_message(self, *args):
        print("served", self.path, flush=True)

http.server.ThreadingHTTPServer((os.environ["SERVER_HOST"], int(os.environ["SERVER_PORT"])), Handler).serve_forever()
"""
PROGRAMS = {
    "web": WEB,
    "stubborn": WEB,
    "fragile": "print('what a pity', flush=True); raise SystemExit(3)",
    "parent": "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])",
    "failing": "raise SystemExit('no such table')",
}


def _child(instance: Instance, name: str) -> Child:
    return Child(name, (sys.executable, "-c", PROGRAMS[name], name), PROJECT, instance.variables)


def main() -> int:
    steps = [name for name in sys.argv[1:] if name == "failing"]
    programs = [name for name in sys.argv[1:] if name not in steps]
    product = Product(
        steps=lambda instance: [_child(instance, name) for name in steps],
        programs=lambda instance: [_child(instance, name) for name in programs],
    )
    return supervise(["--die-with-parent", "run"], product)


if __name__ == "__main__":
    sys.exit(main())
