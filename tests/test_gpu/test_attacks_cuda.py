"""An attack through a network on a CUDA device finds what there is to find.

Run uninstalled on a GPU machine with numpy, scipy, numba, torch and pytest.
"""

import numpy as np
import pytest

pytestmark = pytest.mark.gpu

torch = pytest.importorskip("torch", reason="torch is not installed")

from simulations.classifier.attacks import Attack, strike  # noqa: E402
from simulations.classifier.neighbourhoods import Floating  # noqa: E402
from simulations.classifier.target import Target  # noqa: E402
from simulations.classifier.worst_case_module import AxisClassifier  # noqa: E402
from theory.noise import Laplace  # noqa: E402


@pytest.mark.parametrize("noise", [None, Laplace(0.25)], ids=str)
@pytest.mark.parametrize("screened", [0, 4, 512])
def test_an_attack_flips_beyond_the_radius_and_none_within(noise, screened):
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    around = Floating(noise, 3)
    target = Target(AxisClassifier([0.75], axis=5, sign=-1), around, (3, 3), 2, device="cuda")
    x = np.full(9, 0.25, np.float32)
    attack = Attack(screened=screened)
    for radius, flips in ((0.8, False), (1.3, True)):
        found = strike(target, x, label=0, radius=radius, point=2, attack=attack)
        assert (found.lead > 0) is flips
        assert found.distance <= radius
