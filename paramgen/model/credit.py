"""Credit (spec 2.2): default probability, its fit and bounds, loss and exposure given default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linprog, minimize
from scipy.special import betaincinv, expit, log_expit, logit, ndtri

from paramgen.model.arrays import Float, FloatLike, as_float

_SEPARATION_TOLERANCE: Final = 1e-9
_GRADIENT_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class LogitFit:
    """A fitted default model.

    Parameters
    ----------
    coefficients : (k,) posterior mode, in the order of the design's columns.
    covariance : (k, k) inverse Hessian of the posterior at the mode (Laplace).
    log_likelihood : of the data at the mode, prior excluded.
    """

    coefficients: Float
    covariance: Float
    log_likelihood: float


def fit_default_logit(
    design: Float,
    defaulted: Float,
    prior_mean: Float,
    prior_precision: Float,
    trials: FloatLike = 1.0,
) -> LogitFit:
    """Maximum a posteriori logit with an independent Gaussian prior on each coefficient.

    Maximises Σ [dᵢ·ln pᵢ + (nᵢ − dᵢ)·ln(1 − pᵢ)] − ½·Σ precisionⱼ·(βⱼ − meanⱼ)². With zero
    precision it is maximum likelihood; with a positive one it exists even where the data separate.
    A fraction lost per default is fitted by the same form (Papke and Wooldridge 1996), its
    covariance then being the likelihood's, not the fractions'.

    Parameters
    ----------
    design : (n, k) signals, a column of ones for the intercept included.
    defaulted : d, (n,) defaults among the trials, 0 or 1 a single obligor, or a fraction lost.
    prior_mean, prior_precision : (k,), precision ≥ 0.
    trials : n, (n,) or scalar, obligors behind each row.

    Raises
    ------
    ValueError : defaults are separated along coefficients that have no prior, so that no finite
        fit exists, or the optimiser fails.

    Source: Greene, Econometric Analysis, section 17.3; Gelman and others 2008 for the prior;
    Albert and Anderson 1984 for separation.
    """
    design, bad = as_float(design), as_float(defaulted)
    good = as_float(trials) - bad
    mean, precision = as_float(prior_mean), as_float(prior_precision)
    if _is_separated(design, bad, good, precision):
        raise ValueError("defaults are separated by the signals; give their coefficients a prior")

    def log_likelihood(beta: Float) -> float:
        score = design @ beta
        return float(bad @ log_expit(score) + good @ log_expit(-score))

    def loss(beta: Float) -> float:
        return 0.5 * float(precision @ (beta - mean) ** 2) - log_likelihood(beta)

    def gradient(beta: Float) -> Float:
        expected = (bad + good) * expit(design @ beta)
        return as_float(design.T @ (expected - bad) + precision * (beta - mean))

    def hessian(beta: Float) -> Float:
        rate = expit(design @ beta)
        weight = (bad + good) * rate * (1.0 - rate)
        return as_float((design.T * weight) @ design + np.diag(precision))

    found = minimize(
        loss,
        mean,
        method="trust-exact",
        jac=gradient,
        hess=hessian,
        options={"gtol": _GRADIENT_TOLERANCE, "maxiter": 500},
    )
    mode = as_float(found.x)
    # Near the mode the loss no longer resolves a step; the gradient, relative to its scale, does.
    scale = 1.0 + (bad + good) @ np.abs(design)
    if not np.all(np.abs(gradient(mode)) <= 1e-6 * scale):
        raise ValueError(f"the default model did not converge: {found.message}")
    return LogitFit(
        coefficients=mode,
        covariance=as_float(np.linalg.inv(hessian(mode))),
        log_likelihood=log_likelihood(mode),
    )


def _is_separated(design: Float, bad: Float, good: Float, precision: Float) -> bool:
    """Whether some direction free of prior never misclassifies: a linear programme decides.

    Source: Konis 2007, Linear programming algorithms for detecting separated data.
    """
    free = design[:, precision == 0.0]
    if free.shape[1] == 0:
        return False
    margins = np.vstack([free[bad > 0.0], -free[good > 0.0]])
    found = linprog(
        -margins.sum(axis=0), A_ub=-margins, b_ub=np.zeros(len(margins)), bounds=(-1.0, 1.0)
    )
    return -float(found.fun or 0.0) > _SEPARATION_TOLERANCE


def default_probability(
    intercept: FloatLike,
    behaviour: Float,
    behaviour_weight: Float,
    proxies: Float,
    proxy_weight: Float,
) -> Float:
    """PD = 1/(1 + exp(−(α + βᵀX + γᵀZ))).

    Parameters
    ----------
    intercept : α, (n,) or scalar.
    behaviour : X, (n, k) on-chain; behaviour_weight : β, (k,).
    proxies : Z, (n, m) off-chain; proxy_weight : γ, (m,).
    """
    score = as_float(intercept) + behaviour @ behaviour_weight + proxies @ proxy_weight
    return as_float(expit(score))


@dataclass(frozen=True)
class SignalPrior:
    """What is believed of each signal before it is seen, (k,) each."""

    mean: Float
    deviation: Float


@dataclass(frozen=True)
class ScoredDefault:
    """Default probability with the score's uncertainty, (n,) each.

    `point` is at the score's mean, `upper` at the credible quantile asked for.
    """

    point: Float
    upper: Float
    score_deviation: Float


def score_with_missing_signals(
    fit: LogitFit,
    design: Float,
    prior: SignalPrior,
    *,
    last_known: Float | None = None,
    quantile: float,
) -> ScoredDefault:
    """Default probability where signals (NaN) may be missing; silence never lowers it.

    A missing signal falls to its prior mean, or to its last known value where that is worse. Its
    prior variance enters the score, and the move from the last value its uncertainty at most
    (triangle inequality), so that neither the point nor the upper bound is ever better than
    before it went missing.

    Parameters
    ----------
    design : (n, k) signals, NaN where missing, intercept column included.
    prior : (k,) of the signals; the intercept's is (1, 0).
    last_known : (n, k), NaN where never seen. quantile : of the upper credible bound, ≥ ½.

    Source: spec 2.2; Gaussian errors-in-variables on the score, Laplace posterior.
    """
    weight, design = fit.coefficients, as_float(design)
    missing = np.isnan(design)
    last = prior.mean if last_known is None else as_float(last_known)
    assumed = np.where(weight * last > weight * prior.mean, last, prior.mean)
    filled = np.where(missing, assumed, design)
    fitted = np.sqrt(np.einsum("...i,ij,...j->...", filled, fit.covariance, filled))
    own = np.diag(fit.covariance)
    moved = np.where(missing & ~np.isnan(last), np.abs(last - assumed), 0.0) @ np.sqrt(own)
    unseen = (missing * (own + weight**2) * prior.deviation**2).sum(axis=-1)
    score, deviation = filled @ weight, np.sqrt((fitted + moved) ** 2 + unseen)
    return ScoredDefault(
        point=as_float(expit(score)),
        upper=as_float(expit(score + ndtri(quantile) * deviation)),
        score_deviation=as_float(deviation),
    )


def smoothed_default_probability(
    estimate: FloatLike, observations: FloatLike, prior: FloatLike, strength: FloatLike
) -> Float:
    """Bayesian smoothing PD* = (n·p̂ + κπ₀)/(n + κ); a missing estimate (NaN) is the prior.

    Parameters
    ----------
    estimate : p̂. observations : n, obligor-years behind it. prior : π₀. strength : κ > 0.

    Source: beta-binomial posterior mean, Gelman, Bayesian Data Analysis, section 2.4.
    """
    estimate, prior = as_float(estimate), as_float(prior)
    count = np.where(np.isnan(estimate), 0.0, as_float(observations))
    weighted = count * np.where(np.isnan(estimate), 0.0, estimate)
    return as_float((weighted + strength * prior) / (count + strength))


def upper_credible_bound(
    defaults: FloatLike,
    observations: FloatLike,
    prior: FloatLike,
    strength: FloatLike,
    quantile: FloatLike,
) -> Float:
    """Upper bound of PD, BetaInv(q; κπ₀ + d, κ(1−π₀) + n − d).

    Parameters
    ----------
    defaults : d. observations : n. prior : π₀ in (0, 1). strength : κ. quantile : q.
    """
    defaults, prior = as_float(defaults), as_float(prior)
    good = strength * (1.0 - prior) + as_float(observations) - defaults
    return as_float(betaincinv(strength * prior + defaults, good, as_float(quantile)))


def most_prudent_bound(
    defaults: FloatLike, observations: FloatLike, confidence: FloatLike
) -> Float:
    """Pluto–Tasche bound of PD, independent defaults: BetaInv(γ; d + 1, n − d).

    With zero defaults it is 1 − (1−γ)^{1/n}. For grade j, `observations` counts the obligors of
    that grade and all worse ones (the most prudent ordering).

    Source: Pluto and Tasche 2005, Estimating probabilities of default for low default portfolios.
    """
    defaults = as_float(defaults)
    return as_float(
        betaincinv(defaults + 1.0, as_float(observations) - defaults, as_float(confidence))
    )


def hazard_rate(one_year_probability: FloatLike) -> Float:
    """Constant hazard h = −ln(1 − PD₁), per year; infinite where default is certain."""
    with np.errstate(divide="ignore"):
        return as_float(-np.log1p(-as_float(one_year_probability)))


def cumulative_default_probability(hazard: FloatLike, time: FloatLike) -> Float:
    """PD(t) = 1 − e^{−ht}, t in years."""
    return as_float(-np.expm1(-as_float(hazard) * as_float(time)))


def floored(probability: FloatLike, floor: FloatLike = 0.0) -> Float:
    """Probability no lower than the policy's floor (Basel's is 3 bp or 5 bp; ours is none)."""
    return as_float(np.maximum(as_float(probability), as_float(floor)))


def loss_given_default(
    *,
    recoverability: FloatLike,
    enforceability: FloatLike,
    exit_slippage: FloatLike,
    rate: FloatLike,
    return_time: FloatLike,
    cost: FloatLike,
) -> Float:
    """LGD = 1 − clip(recoverability·enforceability·(1 − s(Q))·e^{−rτ} − c, 0, 1).

    Parameters
    ----------
    recoverability, enforceability : fractions. exit_slippage : s(Q), price fraction.
    rate : per year. return_time : τ of the custodian, years. cost : c, fraction of exposure.

    Source: the report, section 2.2.2; spec 2.2.
    """
    kept = as_float(recoverability) * as_float(enforceability) * (1.0 - as_float(exit_slippage))
    discounted = kept * np.exp(-as_float(rate) * as_float(return_time)) - as_float(cost)
    return as_float(1.0 - np.clip(discounted, 0.0, 1.0))


def exposure_at_default(
    *,
    supply: FloatLike,
    net_asset_value: FloatLike,
    accrued: FloatLike = 0.0,
    undrawn: FloatLike = 0.0,
    conversion_factor: FloatLike = 0.0,
    reserve: FloatLike = 0.0,
) -> Float:
    """EAD = supply·NAV + accrued + CCF·undrawn − non-recourse reserve, never below zero, USD.

    Parameters
    ----------
    supply : tokens. net_asset_value : USD a token. accrued, undrawn, reserve : USD.
    conversion_factor : CCF, fraction.

    Source: spec 2.2; Basel CRE32 for the conversion factor.
    """
    exposure = as_float(supply) * as_float(net_asset_value) + as_float(accrued)
    drawn = as_float(conversion_factor) * as_float(undrawn)
    return as_float(np.maximum(exposure + drawn - as_float(reserve), 0.0))


def expected_loss(probability: FloatLike, loss: FloatLike) -> Float:
    """Expected loss a year as a fraction of exposure, PD·LGD."""
    return as_float(as_float(probability) * as_float(loss))


def raised_log_odds(probability: FloatLike, increase: FloatLike) -> Float:
    """Probability whose log-odds are `increase` higher: the logit model's own way to add a signal.

    Zero and one stay where they are.
    """
    return as_float(expit(logit(as_float(probability)) + as_float(increase)))
