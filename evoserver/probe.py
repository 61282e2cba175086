"""`python -m evoserver.probe [URL]`: does it answer 200? For container health checks, in images without curl.

Without an address it asks this container's own web process whether it is ready, which such a direct call may.
"""

import http.client
import os
import sys
import urllib.error
import urllib.request

SECONDS = 4.0


def main(arguments: list[str]) -> int:
    """0 if it answers 200, else 1, and on standard error why."""
    url = arguments[0] if arguments else f"http://127.0.0.1:{os.environ.get('SERVER_PORT') or 8001}/health/ready"
    # No proxy of the environment: it could not reach this container from outside.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=SECONDS) as answer:
            answer.read()
    except urllib.error.HTTPError as refusal:
        sys.stderr.write(f"{url} answers {refusal.code}\n")
        return 1
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"{url} does not answer ({type(error).__name__})\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
