"""Appendix D: how often a smoothed ResNet-110 agrees with its base classifier on CIFAR-10."""

from __future__ import annotations

import sympy as sp

from theory.claim import Claim, Mutant, Part, Rung, Statement, Variable

_NETWORK = "the two percentages are measurements of one trained network on CIFAR-10, "

CLAIM = Claim(
    slug="clean_agreement",
    source="Appendix D, end",
    statement=(
        "On CIFAR-10 with a ResNet-110, the classifier smoothed with Laplace noise agrees with its "
        "base classifier on 24.8 % of the images, and the one smoothed with Gaussian noise of the "
        "same variance on 23.7 %."
    ),
    latex=(
        r"\frac1n\#\{i: g_1(x_i;\lambda)=f(x_i)\}=0.248\ >\ "
        r"\frac1n\#\{i: g_2(x_i;\sigma)=f(x_i)\}=0.237,\quad\sigma=\sqrt2\,\lambda"
    ),
    variables=(
        Variable("f", "a trained ResNet-110", "base classifier; its weights are not given"),
        Variable("x_i", "the test images of CIFAR-10", "points at which the two are compared"),
        Variable("lambda", "(0, oo), not stated", "Laplace scale of the noise"),
    ),
    parts=(
        Part("laplace_agreement", "under Laplace noise 24.8 % of the predictions are kept"),
        Part("gaussian_agreement", "under Gaussian noise 23.7 % of the predictions are kept"),
        Part("larger", "Laplace noise keeps more predictions than Gaussian noise of its variance"),
    ),
    assumptions=(
        "No theorem orders the two agreements: at one point either noise may keep the prediction "
        "better. For an interval classifier Gaussian noise does near the decision boundary (the "
        "claim figure_10_laplace_larger), so the answer depends on the network and the images."
    ),
    reference="paper, Appendix D (the last paragraph)",
    absent={
        Rung.DERIVATION: _NETWORK + "and no formula gives them",
        Rung.ENCLOSURE: _NETWORK + "and no formula gives them",
        Rung.SEARCH: "a classifier on which the order is the other one would not be this network",
        Rung.SIMULATION: "noise alone does not say how often this network keeps its prediction",
        Rung.FIGURE: "the paper draws no figure of it",
    },
    not_checkable=(
        "the printed figures need CIFAR-10 and the trained ResNet-110, at a noise scale that the "
        "text does not give. That network's predictions with and without noise on the test images "
        "would decide it; counts from another classifier say something in their own scope only"
    ),
)

PRINTED: Statement = {"laplace": sp.Rational(248, 1000), "gaussian": sp.Rational(237, 1000)}

#: No method, so nothing that a false neighbour could be refuted by
MUTANTS: tuple[Mutant, ...] = ()
