"""The network of the flights' example, with a pause after each step: long enough to be interrupted, and the same model."""

import os
import time

import network

from ratchet_steps import trainer

descend = network.descend


def slowly(*args, **kwargs):
    time.sleep(float(os.environ["STEP_SECONDS"]))
    return descend(*args, **kwargs)


if __name__ == "__main__":
    network.descend = slowly
    trainer.run(network.train)
