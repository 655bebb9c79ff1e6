"""Make docs/made_log.tsv, the example of a log in the pages: `python docs/make_log.py`.

Sixty inputs whose votes are even over what n = 10000 samples can say, certified under Gaussian
noise with sigma = 0.5 at alpha = 0.02, and printed as programs do. The pages state alpha = 0.001.
"""

from __future__ import annotations

from pathlib import Path

from scipy import stats

SIGMA, NUM_SAMPLES, ALPHA, ROWS = 0.5, 10_000, 0.02, 60
FILE = Path(__file__).with_name("made_log.tsv")


def text() -> str:
    """The log, by SciPy alone."""
    lines = ["idx\tlabel\tpredict\tradius\tcorrect\ttime"]
    for row in range(ROWS):
        misses = round((NUM_SAMPLES // 2 + 200) * (1 - row / (ROWS - 1)) ** 3)
        votes = NUM_SAMPLES - misses
        bound = stats.beta.ppf(ALPHA, votes, misses + 1)
        certified = bound >= 0.5
        label, radius = row % 10, SIGMA * stats.norm.ppf(bound) if certified else 0.0
        predict = (label + (row % 7 == 3)) % 10 if certified else -1
        said = (20 * row, label, predict, f"{radius:.3}", int(label == predict), f"{16.2:.3}")
        lines.append("\t".join(map(str, said)))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
