"""As the quick steps' own, with answers that the served model must give again."""

import math

from .evaluation import evaluation
from .quick import finish, read_input


def probability(distance):
    return 1 / (1 + math.exp(1 - distance / 1000))


distances = [float(distance) for distance in range(0, 2000, 10)]
histogram = [0] * 20
for distance in distances:
    histogram[int(probability(distance) * 20)] += 1
served = distances[::10]
answers = {
    "served": {"rows": [{"distance": distance} for distance in served], "scores": [probability(distance) for distance in served]},
    "scoreHistogram": histogram,
}
finish({**evaluation(read_input()), **answers})
