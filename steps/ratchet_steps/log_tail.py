"""The end of what a job wrote, without the secrets of its environment."""

import re
import threading

SECRET_NAME = re.compile(r"(SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY)(?!.*_FILE$)", re.IGNORECASE)
PASSWORD_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s:]*:([^/@\s]+)@", re.IGNORECASE)
SECRET_CHARS_MIN = 6  # what is shorter is too common: a log would lose its words


class LogTail:
    """Keeps the last bytes, beginning with a whole line where something was cut. Written by two threads."""

    def __init__(self, bytes_max: int = 256 * 1024) -> None:
        self._max, self._held, self._cut, self._lock = bytes_max, bytearray(), False, threading.Lock()

    def add(self, chunk: bytes) -> None:
        with self._lock:
            self._held += chunk
            if len(self._held) > 2 * self._max:
                del self._held[: -self._max]
                self._cut = True

    def text(self) -> str:
        with self._lock:
            held, cut = bytes(self._held), self._cut
        if len(held) > self._max:
            held, cut = held[-self._max :], True
        if cut and 0 <= (line_end := held.find(b"\n")) < len(held) - 1:
            held = held[line_end + 1 :]
        return held.decode("utf-8", "replace")


def hide_secrets(text: str, environment: dict[str, str]) -> str:
    """The end of a log goes into the ledger, and stays there for ever."""
    secrets = [value for name, value in environment.items() if SECRET_NAME.search(name)]
    secrets += [match[1] for value in environment.values() if (match := PASSWORD_IN_URL.match(value))]
    for secret in sorted({secret for secret in secrets if len(secret) >= SECRET_CHARS_MIN}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
