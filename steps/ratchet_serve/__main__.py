"""`python -m ratchet_serve`: loads the model, answers until SIGTERM, then writes down what it still holds."""

import signal
import sys
from types import FrameType
from typing import Any

import uvicorn

from .app import create_app
from .config import Config, ConfigError, read_config
from .metrics import Metrics
from .model import Model, StoreAway, load_model
from .prediction_log import PredictionLog
from .shipper import Shipper

GRACE_SECONDS = 8
# Longer than the proxy keeps an idle connection: the one who asks closes it, or a request would meet a closed one.
KEEP_ALIVE_SECONDS = 4000


class _Server(uvicorn.Server):
    """Says that it is not ready as soon as it is told to end."""

    metrics: Metrics

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.metrics.ready = False
        super().handle_exit(sig, frame)


def main(**clock: Any) -> int:
    """@param clock `now`, where the log's times are not those of this machine: create_app"""
    try:
        config = read_config()
        model = load_model(config)
    except ConfigError as error:
        print(f"ConfigError: {error}", file=sys.stderr)
        return 64
    except StoreAway as error:
        print(error, file=sys.stderr)
        return 75
    return _serve(config, model, clock)


def _serve(config: Config, model: Model, clock: dict[str, Any]) -> int:
    metrics = Metrics()

    def logged(count: int) -> None:
        metrics.logged += count

    def dropped(count: int) -> None:
        metrics.dropped += count

    log = PredictionLog(config.log_folder, logged, dropped)
    shipper = Shipper(config.log_folder, config.store_uri, config.model, config.name, dropped, config.ship_seconds_max)
    app = create_app(config, model, metrics, log, **clock)
    settings = uvicorn.Config(
        app, host=config.host, port=config.port, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_SECONDS, backlog=2048,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )  # fmt: skip
    server = _Server(settings)
    server.metrics = metrics
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: None)  # uvicorn raises it again at its end, before the log is closed
    metrics.ready = True
    try:
        server.run()  # returns after SIGTERM, when what was asked is answered
    except SystemExit:
        print(f"port {config.port}: it is in use", file=sys.stderr)
        return 75
    finally:
        metrics.ready = False
        log.close()
        shipper.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
