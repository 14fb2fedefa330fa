"""The product's model server in a year that is over: predictions get the time that stands in the file named by RATCHET_YEAR_CLOCK."""

import os
import sys
from datetime import datetime
from pathlib import Path

from ratchet_serve.__main__ import main

CLOCK = Path(os.environ["RATCHET_YEAR_CLOCK"])


def now() -> datetime:
    return datetime.fromisoformat(CLOCK.read_text())


if __name__ == "__main__":
    sys.exit(main(now=now))
