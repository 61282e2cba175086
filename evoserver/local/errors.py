"""What stops a start, in words for the person who typed `make run`."""


class LocalError(Exception):
    """Printed as one line that names the setting to change; the exit code is 1."""
