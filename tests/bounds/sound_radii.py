"""Conjectured radii that are sound, tight and loose.

A record is three lines: name, noise, setting and answer; the radius; why. Names in braces are
those of `known.PARTS`.
"""

SOUND = {
    "sound and tight": """
theorem_2 laplace binary tight
    -lam*log(2*(1 - p_a))
    the exact radius of two classes
theorem_2_expanded laplace binary tight
    -lam*log(2 - 2*p_a)
    another spelling
theorem_2_reciprocal laplace binary tight
    lam*log(1/(2*(1 - p_a)))
    another spelling
theorem_2_split laplace binary tight
    lam*(-log(2) - log(1 - p_a))
    another spelling
theorem_2_odds laplace binary tight
    lam*log(p_a/(1 - p_a)) - lam*log(2*p_a)
    the odds over 2 PA: the same
theorem_2_square_root laplace binary tight
    -2*lam*log(sqrt(2*(1 - p_a)))
    another spelling
theorem_2_sigma laplace binary tight
    -sigma/sqrt(2)*log(2*(1 - p_a))
    sigma = sqrt(2) lam
theorem_2_half_width laplace binary tight
    -half_width/sqrt(6)*log(2*(1 - p_a))
    half_width = sqrt(3) sigma = sqrt(6) lam
theorem_2_abstains laplace binary tight
    where(p_a > 1/2, {t2}, 0)
    abstains where nothing is certified
theorem_2_clipped laplace binary tight
    Max({t2}, 0)
    abstains where nothing is certified
theorem_1_binary laplace binary tight
    Max({lecuyer}, {t2})
    with PB = 1 - PA the second term dominates, and is exact
cohen gaussian binary tight
    sigma*Phi_inv(p_a)
    the exact radius of two classes
cohen_erfinv gaussian binary tight
    sigma*sqrt(2)*erfinv(2*p_a - 1)
    another spelling of the quantile
cohen_lam gaussian binary tight
    sqrt(2)*lam*Phi_inv(p_a)
    sigma = sqrt(2) lam
yang_uniform uniform binary tight
    2*half_width*(p_a - 1/2)
    the exact radius of two classes
yang_uniform_sigma uniform binary tight
    sqrt(3)*sigma*(2*p_a - 1)
    half_width = sqrt(3) sigma
binary_pb laplace binary-pb tight
    -lam*log(2*{other})
    the other class has at most min(PB, 1 - PA)
binary_pb_max laplace binary-pb tight
    Max(-lam*log(2*p_b), -lam*log(2*(1 - p_a)))
    the larger of the two radii, each from one bound
binary_pb_gaussian gaussian binary-pb tight
    -sigma*Phi_inv({other})
    the same for Gaussian noise
binary_pb_uniform uniform binary-pb tight
    half_width*(1 - 2*{other})
    the same for uniform noise
exact_multiclass laplace multiclass tight
    {exact}
    half the distance of the quantiles of PA and min(PB, 1 - PA)
exact_multiclass_split laplace multiclass tight
    where(p_a < 1/2, lam/2*log(p_a/p_b), -lam/2*log(4*(1 - p_a)*{other}))
    below PA = 1/2 the minimum is PB
exact_multiclass_gaussian gaussian multiclass tight
    {exact_gaussian}
    half the distance of the quantiles
exact_multiclass_uniform uniform multiclass tight
    {exact_uniform}
    half the distance of the quantiles
exact_k3 laplace k=3 tight
    {exact_k}
    the top class has what two others leave, or PA
exact_k10 laplace k=10 tight
    {exact_k}
    the top class has what nine others leave, or PA
exact_k2 laplace k=2 tight
    -lam*log(2*{other})
    two classes, counted: binary-pb
exact_k3_gaussian gaussian k=3 tight
    {exact_k_gaussian}
    the same for Gaussian noise
exact_k10_uniform uniform k=10 tight
    half_width*({top} - {other})
    the same for uniform noise
""",
    "sound and loose": """
lecuyer_binary laplace binary strict
    lam/2*log(p_a/(1 - p_a))
    the slack vanishes only in the limit PA = 1/2
lecuyer_multiclass laplace multiclass touching
    lam/2*log(p_a/p_b)
    exact up to PA = 1/2
theorem_1_multiclass laplace multiclass touching
    Max(lam/2*log(p_a/p_b), -lam*log(1 - p_a + p_b))
    its first term is exact up to PA = 1/2
theorem_1_second_term laplace multiclass touching
    -lam*log(1 - p_a + p_b)
    exact where PB = 1 - PA
theorem_2_multiclass laplace multiclass touching
    -lam*log(2*(1 - p_a))
    exact where PB is at least 1 - PA
theorem_1_k3 laplace k=3 touching
    Max(lam/2*log(p_a/p_b), -lam*log(1 - p_a + p_b))
    knowing K can only help
exact_multiclass_k10 laplace k=10 touching
    {exact}
    exact where nine others leave less than PA
theorem_2_of_pb laplace binary-pb touching
    -lam*log(2*p_b)
    exact up to PB = 1 - PA, and too small beyond
theorem_2_binary_pb laplace binary-pb touching
    -lam*log(2*(1 - p_a))
    forgets PB
nine_tenths laplace binary strict
    0.9*{t2}
    a smaller radius
nearly_all laplace binary strict
    {t2}*(1 - 0.000000001)
    a slack of 10^-9
shifted laplace binary strict
    {t2} - 0.01*lam
    the relative slack vanishes only in the limit PA = 1
linear laplace binary strict
    lam*(2*p_a - 1)
    x < -log(1 - x)
square_root laplace binary strict
    2*lam*(1 - sqrt(2*(1 - p_a)))
    1 - s < -log(s)
exponential laplace binary strict
    lam*(1 - exp(1 - 2*p_a))
    1 - exp(-x) < x
capped laplace binary touching
    Min({t2}, 5)
    not homogeneous in the scale, yet nowhere above
fading laplace binary touching
    {t2}*Min(1, 1000/lam)
    not homogeneous in the scale; exact up to lam = 1000
zero laplace binary strict
    0*lam
    abstains everywhere: nothing is claimed
touches_at_one_place laplace binary touching
    {t2}*(1 - (p_a - 3/4)**2)
    exact at PA = 3/4 alone
touches_beyond_a_step laplace binary touching
    where(p_a > 0.9, {t2}*0.99, {t2})
    exact up to 0.9
step_of_slack laplace binary strict
    where(p_a > 0.9, {t2}*0.99, {t2}*0.999)
    a step between two strict radii
minus_sign laplace multiclass strict
    -lam/2*(log(2*(1 - p_a)) - log(2*p_b))
    a wrong sign, yet below Lecuyer's at PB = PA
k_for_k_minus_1 laplace k=3 touching
    {one_more}
    one class too many takes from the top class, where PA is not more
k_for_k_minus_1_gaussian gaussian k=10 touching
    {one_more_gaussian}
    one class too many takes from the top class, where PA is not more
half_cohen gaussian binary strict
    sigma/2*Phi_inv(p_a)
    half of the exact radius
cohen_multiclass gaussian multiclass touching
    sigma/2*(Phi_inv(p_a) - Phi_inv(p_b))
    exact up to PB = 1 - PA
cohen_binary_in_multiclass gaussian multiclass touching
    sigma*Phi_inv(p_a)
    exact where PB is at least 1 - PA
renyi_3_2 gaussian binary strict
    where(p_a > 1/2, sigma*sqrt(-(2/(3/2))*log(2*((p_a**(-1/2) + (1-p_a)**(-1/2))/2)**(-2))), 0)
    Li et al., order 3/2
renyi_2 gaussian binary strict
    where(p_a > 1/2, sigma*sqrt(-(2/2)*log(2*((p_a**(-1) + (1 - p_a)**(-1))/2)**(-1))), 0)
    Li et al., order 2: sigma sqrt(-log(4 PA (1 - PA)))
renyi_5 gaussian binary strict
    where(p_a > 1/2, sigma*sqrt(-(2/5)*log(2*((p_a**(-4) + (1 - p_a)**(-4))/2)**(-1/4))), 0)
    Li et al., order 5
renyi_2_multiclass gaussian multiclass strict
    sigma*sqrt(-log(1 - p_a - {other} + 2*((1/p_a + 1/{other})/2)**(-1)))
    Li et al., order 2, of PA and min(PB, 1 - PA)
uniform_pb uniform multiclass touching
    half_width*(p_a - p_b)
    exact up to PB = 1 - PA
laplace_law_for_uniform uniform binary strict
    half_width*(1 - exp(-(2*p_a - 1)))
    1 - exp(-x) < x
""",
}
