"""Does the web server answer?"""

import asyncio
from urllib.parse import urlsplit

POLL_SECONDS = 0.1
ANSWER_SECONDS = 5.0


async def wait_for_health(url: str) -> None:
    """Return when `GET /health` answers 200; until then it asks on."""
    while not await _is_healthy(url):
        await asyncio.sleep(POLL_SECONDS)


async def _is_healthy(url: str) -> bool:
    address = urlsplit(url)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                request = f"GET /health HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except OSError:  # nobody listens yet; a timeout is one as well
        return False
