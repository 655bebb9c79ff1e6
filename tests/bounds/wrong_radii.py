"""Conjectured radii that are not sound, by the way in which they fail.

A record is three lines: name, noise, setting and answer; the radius; why. Names in braces are
those of `known.PARTS`.
"""

WRONG = {
    "sound only for PA >= 1/2": """
absolute_value laplace binary wrong
    Abs({t2})
    positive below PA = 1/2
absolute_log_odds laplace binary wrong
    lam/2*Abs(log(p_a/(1 - p_a)))
    positive below PA = 1/2
square_root_of_square laplace binary wrong
    lam*sqrt((2*p_a - 1)**2)
    positive below PA = 1/2
quantile_of_the_upper_half laplace multiclass wrong
    -(lam/2)*log(4*(1 - p_a)*p_b)
    below PA = 1/2 the quantile is log(2 PA), which is less
absolute_cohen gaussian binary wrong
    sigma*Abs(Phi_inv(p_a))
    positive below PA = 1/2
renyi_2_everywhere gaussian binary wrong
    sigma*sqrt(-log(2*((p_a**(-1) + (1 - p_a)**(-1))/2)**(-1)))
    symmetric about PA = 1/2
renyi_5_everywhere gaussian binary wrong
    sigma*sqrt(-(2/5)*log(2*((p_a**(-4) + (1 - p_a)**(-4))/2)**(-1/4)))
    symmetric about PA = 1/2
absolute_uniform uniform binary wrong
    half_width*Abs(2*p_a - 1)
    positive below PA = 1/2
upper_half_k3 laplace k=3 wrong
    -(lam/2)*log(4*(num_classes - 1)*p_b**2)
    the top class has 1 - 2 PB, which may be below 1/2
just_below_one_half laplace binary wrong
    where(p_a > 0.4999999, lam*0.00000001, 0)
    nothing is certified below PA = 1/2
""",
    "wrong only near an end of PA": """
last_thousandth laplace binary wrong
    where(p_a > 0.999, 1.01*{t2}, {t2})
    1 % too much above 0.999
last_hundred_millionth laplace binary wrong
    where(p_a > 0.99999999, 1.001*{t2}, {t2})
    0.1 % too much above 1 - 10^-8
first_thousandth laplace binary wrong
    where(p_a < 0.501, 1.001*{t2}, {t2})
    0.1 % too much below 0.501
smooth_quotient laplace binary wrong
    {t2}*(0.999 + 0.002/(1 + 2000*(1 - p_a)))
    too large above PA = 0.9995
smooth_exponential laplace binary wrong
    {t2}*(0.999 + exp(-10000*(1 - p_a))/100)
    too large above PA = 0.99977
chord_at_one_half laplace binary wrong
    2.001*lam*(p_a - 1/2)
    steeper than the exact radius at PA = 1/2
lecuyer_enlarged laplace binary wrong
    1.0005*{lecuyer}
    its slack is below 0.05 % near PA = 1/2
power_of_the_tail laplace binary wrong
    -1.1*lam*log(2*(1 - p_a)) - 2*lam
    10 % more than the exact radius, less 2: above it where that passes 20
gaussian_quotient gaussian binary wrong
    {cohen}*(0.999 + 0.002/(1 + 2000*(1 - p_a)))
    too large above PA = 0.9995
gaussian_last gaussian binary wrong
    where(p_a > 0.9999, 1.0001*{cohen}, {cohen})
    0.01 % too much above 0.9999
uniform_last uniform binary wrong
    where(1 - p_a < 0.0005, 1.005*{uniform}, {uniform})
    0.5 % too much above 0.9995
uniform_unbounded uniform binary wrong
    -half_width/10*log(2*(1 - p_a))
    passes the support's half-width above 1 - 2.3e-5
uniform_unbounded_late uniform binary wrong
    -half_width/100*log(2*(1 - p_a))
    passes the support's half-width above 1 - 2e-44
""",
    "wrong only for PB near 0": """
small_pb laplace multiclass wrong
    where(p_b < 0.001, 1.01*{exact}, {exact})
    1 % too much below 0.001
small_pb_smooth laplace multiclass wrong
    {exact}*(0.999 + exp(-10000*p_b)/100)
    too large below PB = 0.00023
small_pb_power laplace multiclass wrong
    lam*(0.505*log(p_a/p_b) - 0.05)
    passes Lecuyer's where PA / PB > exp(10)
small_pb_lecuyer laplace multiclass wrong
    lam/2*log(p_a/p_b)*(1 + exp(-20000*p_b)/1000)
    Lecuyer's is exact up to PA = 1/2
small_pb_gaussian gaussian multiclass wrong
    {exact_gaussian}*(0.999 + exp(-10000*p_b)/100)
    too large below PB = 0.00023
small_pb_uniform uniform multiclass wrong
    where(p_b < 0.0001, half_width*p_a, half_width*(p_a - p_b))
    forgets PB below 0.0001
small_pb_k3 laplace k=3 wrong
    where(p_b < 0.001, 1.0001*{exact_k}, {exact_k})
    0.01 % too much below 0.001
small_pb_binary laplace binary-pb wrong
    where(p_b < 0.001, -lam*log(1.999*{other}), -lam*log(2*{other}))
    1.999 for 2 below 0.001
""",
    "wrong at one scale": """
step_at_37 laplace binary wrong
    where(lam > 36.9, where(lam < 37.1, 1.1*{t2}, {t2}), {t2})
    10 % too much for lam in (36.9, 37.1)
bump_at_37 laplace binary wrong
    {t2}*(1 + exp(-(lam - 37)**2)/10)
    10 % too much at lam = 37, hardly any elsewhere
bump_above_a_slack laplace binary wrong
    {t2}*(0.99 + exp(-(lam - 37)**2)/10)
    too large within 1.6 of lam = 37 only
large_scales laplace binary wrong
    {t2}*Max(1, lam/1000)
    too large above lam = 1000
small_scales laplace binary wrong
    {t2}*Max(1, 0.001/lam)
    too large below lam = 0.001
small_sigma gaussian binary wrong
    {cohen}*where(sigma < 0.00001, 2, 1)
    twice too much below sigma = 10^-5
bump_gaussian gaussian multiclass wrong
    {exact_gaussian}*(0.9 + exp(-(sigma - 12)**2)/2)
    too large about sigma = 12
bump_uniform uniform binary wrong
    {uniform}*(0.99 + exp(-(half_width - 250)**2)/50)
    too large about half_width = 250
step_k3 laplace k=3 wrong
    where(lam > 250, where(lam < 251, 1.01*{exact_k}, {exact_k}), {exact_k})
    1 % too much for lam in (250, 251)
""",
    "breaks the scale": """
no_scale laplace binary wrong
    -log(2*(1 - p_a))
    right for lam >= 1 only
squared_scale laplace binary wrong
    -lam**2*log(2*(1 - p_a))
    right for lam <= 1 only
scale_plus_1 laplace binary wrong
    -(lam + 1)*log(2*(1 - p_a))
    too large at every scale
mean_of_scale_and_1 laplace binary wrong
    -(lam + 1)/2*log(2*(1 - p_a))
    right for lam >= 1 only
root_of_scale laplace binary wrong
    -sqrt(lam)*log(2*(1 - p_a))
    right for lam >= 1 only
sigma_for_lam laplace binary wrong
    -sigma*log(2*(1 - p_a))
    sqrt(2) too much
no_scale_gaussian gaussian binary wrong
    Phi_inv(p_a)
    right for sigma >= 1 only
squared_uniform uniform multiclass wrong
    half_width**2*(p_a - p_b)
    right for half_width <= 1 only
""",
    "right for another noise": """
cohen_for_laplace laplace binary wrong
    sigma*Phi_inv(p_a)
    steeper at PA = 1/2 at equal variance
laplace_for_gaussian gaussian binary wrong
    {t2}
    grows faster towards PA = 1 at equal variance
quarter_laplace_for_gaussian gaussian binary wrong
    0.25*{t2}
    passes the Gaussian's only beyond 1 - 10^-26
cohen_multiclass_for_laplace laplace multiclass wrong
    sigma/2*(Phi_inv(p_a) - Phi_inv(p_b))
    half the distance of the wrong quantiles
uniform_for_laplace laplace binary wrong
    {uniform}
    sqrt(6) too steep at PA = 1/2
uniform_for_gaussian gaussian binary wrong
    {uniform}
    steeper at PA = 1/2 at equal variance
laplace_for_uniform uniform multiclass wrong
    lam/2*log(p_a/p_b)
    unbounded as PB falls to 0
""",
    "a slip of the pen": """
dropped_half laplace multiclass wrong
    lam*log(p_a/p_b)
    Lecuyer's without the half
dropped_half_binary laplace binary wrong
    lam*log(p_a/(1 - p_a))
    the odds alone: log(2 PA) too much
dropped_2 laplace binary wrong
    -lam*log(1 - p_a)
    log(2) too much
plus_for_minus laplace binary wrong
    lam*log(2*(1 + p_a))
    a wrong sign
pb_for_the_rest laplace multiclass wrong
    -lam*log(2*p_b)
    PB in the place of 1 - PA
twice_the_second_term laplace multiclass wrong
    Max(lam/2*log(p_a/p_b), -2*lam*log(1 - p_a + p_b))
    the second term with 2
k_minus_2 laplace k=3 wrong
    {one_fewer}
    one class too few leaves the top class too much
k_minus_2_gaussian gaussian k=10 wrong
    {one_fewer_gaussian}
    one class too few leaves the top class too much
k3_in_multiclass laplace multiclass wrong
    -(lam/2)*log(2*{other})
    takes PA for 1/2
k_unknown uniform multiclass wrong
    half_width*(Max(p_a, 1 - 2*{other}) - {other})
    there may be more than three classes
dropped_half_gaussian gaussian multiclass wrong
    sigma*(Phi_inv(p_a) - Phi_inv({other}))
    twice too much
min_of_terms gaussian binary wrong
    sigma*Phi_inv((1 + p_a)/2)
    a two-sided quantile
dropped_2_uniform uniform binary wrong
    half_width*p_a
    positive below PA = 1/2
forgot_pb_above_the_rest laplace k=3 wrong
    lam/2*(-log(2*(num_classes - 1)*p_b) - log(2*p_b))
    the top class has 1 - 2 PB, which may be below 1/2
""",
}
