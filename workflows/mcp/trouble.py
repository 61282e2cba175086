"""Why a connection ended: the SDK says only that it did."""


class Trouble:
    """Keeps the first thing that was said. `status`: the last HTTP status, where it was an error."""

    said: str | None = None
    status: int | None = None

    def say(self, detail: str) -> None:
        self.said = self.said or detail
