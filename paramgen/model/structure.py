"""Structured claims (spec 2.6): pool loss, tranches, waterfall and its triggers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from scipy.optimize.elementwise import find_root
from scipy.special import ndtr, ndtri, owens_t

from paramgen.model.arrays import Bool, BoolLike, Float, FloatLike, as_float

LEAST_SHORTFALL: Final = 1e-8
"""Share of a note below which a shortfall is the rounding of Φ₂ and counts as none."""

_FACTOR_BOUND: Final = 40.0
"""Standard deviations of the common factor beyond which a float64 Φ is exactly 0 or 1."""


def bivariate_normal(h: FloatLike, k: FloatLike, correlation: FloatLike) -> Float:
    """Φ₂(h, k; ρ), the probability that two standard normals lie below h and k.

    By Owen's T function, deterministic and vectorised: Φ₂ = ½[Φ(h) + Φ(k)] − T(h, a_h) −
    T(k, a_k) − β, a_h = (k − ρh)/(h√(1−ρ²)), β = ½ where h and k have opposite signs.

    Parameters
    ----------
    h, k : any reals or infinities. correlation : ρ in (−1, 1).

    Source: Owen 1956, Tables for computing bivariate normal probabilities, equation 3.1.
    """
    h, k, rho = np.broadcast_arrays(as_float(h), as_float(k), as_float(correlation))
    infinite = np.isinf(h) | np.isinf(k)
    root = np.sqrt(1.0 - rho**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope_h = (k - rho * h) / (h * root)
        slope_k = (h - rho * k) / (k * root)
        # T(0, a) needs the sign of an infinite slope, which −0.0 would turn round.
        slope_h = np.where(h == 0.0, np.copysign(np.inf, k), slope_h)
        slope_k = np.where(k == 0.0, np.copysign(np.inf, h), slope_k)
        opposite = (h * k < 0.0) | ((h * k == 0.0) & (h + k < 0.0))
        finite = (
            0.5 * (ndtr(h) + ndtr(k))
            - owens_t(h, slope_h)
            - owens_t(k, slope_k)
            - np.where(opposite, 0.5, 0.0)
        )
    both_zero = (h == 0.0) & (k == 0.0)
    finite = np.where(both_zero, 0.25 + np.arcsin(rho) / (2.0 * np.pi), finite)
    return as_float(np.where(infinite, ndtr(h) * ndtr(k), np.clip(finite, 0.0, 1.0)))


def conditional_default_rate(
    default_probability: FloatLike, correlation: FloatLike, factor: FloatLike
) -> Float:
    """Default fraction of a large pool given the common factor y (worse when lower).

    Φ((Φ⁻¹(p) − √ρ·y)/√(1−ρ)).

    Source: Vasicek, Loan portfolio value, 2002.
    """
    rho = as_float(correlation)
    numerator = ndtri(as_float(default_probability)) - np.sqrt(rho) * as_float(factor)
    return as_float(ndtr(numerator / np.sqrt(1.0 - rho)))


def default_rate_quantile(
    default_probability: FloatLike, correlation: FloatLike, confidence: FloatLike
) -> Float:
    """Worst default fraction at `confidence`: Φ((Φ⁻¹(p) + √ρ·Φ⁻¹(q))/√(1−ρ))."""
    return conditional_default_rate(default_probability, correlation, -ndtri(as_float(confidence)))


def attachment_point(overcollateralisation: FloatLike, reserve: FloatLike = 0.0) -> Float:
    """Loss, as a fraction of the pool, that the senior does not bear.

    A = OC/(1+OC), with a non-recourse reserve (OC+res)/(1+OC+res); both are on notes.
    """
    cushion = as_float(overcollateralisation) + as_float(reserve)
    return as_float(cushion / (1.0 + cushion))


def senior_default_probability(
    default_probability: FloatLike,
    loss_given_default: FloatLike,
    correlation: FloatLike,
    attachment: FloatLike,
) -> Float:
    """Probability that pool losses exceed the attachment point.

    Φ((Φ⁻¹(p) − √(1−ρ)·Φ⁻¹(A/lgd))/√ρ); zero where A ≥ lgd.
    """
    rho, lgd = as_float(correlation), as_float(loss_given_default)
    share = np.minimum(_over(attachment, lgd), 1.0)
    quantile = np.sqrt(1.0 - rho) * ndtri(share)
    return as_float(ndtr((ndtri(as_float(default_probability)) - quantile) / np.sqrt(rho)))


def expected_excess(
    default_probability: FloatLike, correlation: FloatLike, threshold: FloatLike
) -> Float:
    """E[(X−K)⁺] of the Vasicek default fraction X: Φ₂(−Φ⁻¹(K), Φ⁻¹(p); −√(1−ρ)).

    Parameters
    ----------
    default_probability : p in [0, 1]. correlation : ρ in (0, 1).
    threshold : K; below 0 gives p − K, above 1 gives 0.

    Source: Vasicek 2002; Andersen and Sidenius 2004 for tranches.
    """
    probability, threshold = as_float(default_probability), as_float(threshold)
    inside = np.clip(threshold, 0.0, 1.0)
    joint = bivariate_normal(
        -ndtri(inside), ndtri(probability), -np.sqrt(1.0 - as_float(correlation))
    )
    return as_float(joint + np.maximum(-threshold, 0.0))


def tranche_expected_loss(
    default_probability: FloatLike,
    loss_given_default: FloatLike,
    correlation: FloatLike,
    attachment: FloatLike,
    detachment: FloatLike = 1.0,
) -> Float:
    """Expected loss of tranche [A, D] per unit of its notional, over the period of p.

    EL[A, D] = lgd·(E[(X−A/lgd)⁺] − E[(X−D/lgd)⁺])/(D−A).

    Parameters
    ----------
    default_probability, loss_given_default, correlation : of a homogeneous pool.
    attachment, detachment : A < D, fractions of the pool.
    """
    lgd = as_float(loss_given_default)
    low, high = as_float(attachment), as_float(detachment)
    excess = expected_excess(default_probability, correlation, _over(low, lgd))
    # Nothing is lost beyond the whole pool, so that a senior note takes one Φ₂ and not two.
    if np.any(high < 1.0):
        excess = excess - expected_excess(default_probability, correlation, _over(high, lgd))
    return as_float(lgd * excess / (high - low))


def tranche_expected_shortfall(
    default_probability: FloatLike,
    loss_given_default: FloatLike,
    correlation: FloatLike,
    attachment: FloatLike,
    confidence: FloatLike,
) -> Float:
    """Mean loss of tranche [A, 1] per unit of its notional in its worst 1 − α of outcomes.

    With K = A/lgd, q the α-quantile of X and M = max(K, q):
    lgd·(E[(X−M)⁺]/(1−α) + (M−K))/(1−A), the second part only where q reaches K.

    Source: expected shortfall of the Vasicek loss, McNeil, Frey and Embrechts, section 2.3.
    """
    lgd, low, alpha = (as_float(x) for x in (loss_given_default, attachment, confidence))
    threshold = _over(low, lgd)
    quantile = default_rate_quantile(default_probability, correlation, alpha)
    edge = np.maximum(threshold, quantile)
    tail = expected_excess(default_probability, correlation, edge) / (1.0 - alpha)
    return as_float(lgd * (tail + np.maximum(quantile - threshold, 0.0)) / (1.0 - low))


def two_point(
    expected: FloatLike, shortfall: FloatLike, confidence: FloatLike
) -> tuple[Float, Float]:
    """PD and LGD of a jump with a pool's own EL and ES: LGD = ES_α, PD = EL/ES_α.

    A note that loses in its worst 1 − α of outcomes alone has EL = (1−α)·ES_α. That is the ratio's
    limit as the note moves away from its pool's losses, and what stands for it once both are no
    more than the rounding of Φ₂.

    Parameters
    ----------
    expected, shortfall : EL and ES_α of the tranche, fractions of its notional. confidence : α.

    Source: spec 2.6; docs/model.md says why.
    """
    expected, shortfall = as_float(expected), as_float(shortfall)
    remote = shortfall <= LEAST_SHORTFALL
    limit = np.broadcast_to(1.0 - as_float(confidence), shortfall.shape)
    ratio = np.divide(expected, shortfall, out=limit.copy(), where=~remote)
    return as_float(np.minimum(ratio, 1.0)), as_float(np.where(remote, 0.0, shortfall))


def _over(level: FloatLike, lgd: Float) -> Float:
    """Default fraction at which losses reach `level`; infinite where defaults lose nothing."""
    level, lgd = np.broadcast_arrays(as_float(level), lgd)
    none_lost = np.where(np.isnan(level), np.nan, np.inf)
    with np.errstate(over="ignore"):
        return as_float(np.divide(level, lgd, out=none_lost, where=lgd != 0.0))


@dataclass(frozen=True)
class Basket:
    """Mixed pools, one a row: n pools of up to m sub-pools, each large and granular.

    Parameters
    ----------
    weight : (n, m) shares of exposure, rows summing to 1; pad with 0.
    default_probability, loss_given_default, correlation : (n, m); correlation is the square of
        the loading on the one common factor, in (0, 1).
    """

    weight: Float
    default_probability: Float
    loss_given_default: Float
    correlation: Float

    def conditional_loss(self, factor: Float) -> Float:
        """Loss fraction of each pool given its common factor, (n,) to (n,)."""
        rate = conditional_default_rate(
            self.default_probability, self.correlation, as_float(factor)[..., None]
        )
        return as_float((self.weight * self.loss_given_default * rate).sum(axis=-1))

    def expected_loss(self) -> Float:
        """Expected loss fraction, (n,)."""
        loss = self.weight * self.default_probability * self.loss_given_default
        return as_float(loss.sum(axis=-1))

    def loss_quantile(self, confidence: FloatLike) -> Float:
        """Loss fraction not exceeded with `confidence`, (n,)."""
        factor = np.broadcast_to(-ndtri(as_float(confidence)), self.weight.shape[:-1])
        return self.conditional_loss(factor)

    def expected_excess(self, threshold: FloatLike) -> Float:
        """E[(L−K)⁺], (n,).

        L falls in the factor, so {L > K} = {Y < y_K} and, exactly, E[(L−K)⁺] =
        Σ w·lgd·Φ₂(Φ⁻¹(p), y_K; √ρ) − K·Φ(y_K), where L(y_K) = K.
        """
        level = np.broadcast_to(as_float(threshold), self.weight.shape[:-1])
        factor = self._factor_at_loss(level)
        joint = bivariate_normal(
            ndtri(self.default_probability), factor[..., None], np.sqrt(self.correlation)
        )
        covered = (self.weight * self.loss_given_default * joint).sum(axis=-1)
        excess = np.maximum(covered - level * ndtr(factor), 0.0)
        return as_float(np.where(level <= 0.0, self.expected_loss() - level, excess))

    def tranche_expected_shortfall(self, attachment: FloatLike, confidence: FloatLike) -> Float:
        """Mean loss of tranche [A, 1] per unit of notional in its worst 1 − α, (n,)."""
        low, alpha = as_float(attachment), as_float(confidence)
        quantile = self.loss_quantile(alpha)
        tail = self.expected_excess(np.maximum(quantile, low)) / (1.0 - alpha)
        return as_float((tail + np.maximum(quantile - low, 0.0)) / (1.0 - low))

    def tranche_expected_loss(self, attachment: FloatLike, detachment: FloatLike = 1.0) -> Float:
        """Expected loss of tranche [A, D] per unit of its notional, (n,)."""
        low, high = as_float(attachment), as_float(detachment)
        return as_float((self.expected_excess(low) - self.expected_excess(high)) / (high - low))

    def _factor_at_loss(self, level: Float) -> Float:
        """The y at which the conditional loss is `level`; ±40 where it never is."""
        worst = np.full(level.shape, -_FACTOR_BOUND)
        at_worst, at_best = self.conditional_loss(worst), self.conditional_loss(-worst)
        crosses = (at_worst > level) & (level > at_best)
        index = np.flatnonzero(crosses)
        factor = np.where(level >= at_worst, worst, -worst)
        factor = np.where(np.isnan(at_worst + level), np.nan, factor).ravel()
        if index.size:
            factor[index] = find_root(
                self._loss_above,
                (worst.ravel()[index], -worst.ravel()[index]),
                args=(index, level.ravel()[index]),
            ).x
        return factor.reshape(level.shape)

    def _loss_above(self, factor: Float, index: Float, level: Float) -> Float:
        rows = index.astype(np.intp)
        part = Basket(
            **{
                field.name: getattr(self, field.name).reshape(-1, self.weight.shape[-1])[rows]
                for field in fields(self)
            }
        )
        return as_float(part.conditional_loss(factor) - level)


@dataclass(frozen=True)
class Claims:
    """What each level of the waterfall may claim this period, USD, each (n,).

    `senior_balance` is senior principal outstanding, of which `senior_due` already holds the
    part scheduled (with interest); only a fired trigger pays down the rest.
    """

    custody_and_administration: Float
    servicing: Float
    senior_due: Float
    senior_balance: Float
    junior_due: Float


@dataclass(frozen=True)
class Distribution:
    """Cash paid to each level, USD, each (n,); together exactly the cash that came in."""

    custody_and_administration: Float
    servicing: Float
    senior: Float
    junior: Float
    equity: Float
    senior_shortfall: Float
    """Senior interest and scheduled principal left unpaid; not a payment."""


def trigger_fired(
    collection_rate: FloatLike,
    overdue_rate: FloatLike,
    *,
    collection_floor: FloatLike,
    overdue_ceiling: FloatLike,
) -> Bool:
    """Whether a dynamic trigger reallocates cash: collections too low or overdues too high.

    An unknown (NaN) rate fires: a servicer must not keep junior cash by not reporting.
    """
    collected = as_float(collection_rate) >= as_float(collection_floor)
    punctual = as_float(overdue_rate) <= as_float(overdue_ceiling)
    return np.asarray(~(collected & punctual))


def distribute(cash: FloatLike, claims: Claims, fired: BoolLike) -> Distribution:
    """Pay `cash` down the waterfall: custody and admin, servicing, senior, junior, equity.

    A fired trigger turns everything after servicing to the senior until it is repaid in full.

    Parameters
    ----------
    cash : (n,) USD available this period. claims : (n,) each. fired : (n,) from `trigger_fired`.

    Source: spec 2.6; the report, section 4.4.2.
    """
    accelerated = np.maximum(as_float(claims.senior_balance), as_float(claims.senior_due))
    senior = np.where(fired, accelerated, claims.senior_due)
    owed = np.stack(
        np.broadcast_arrays(
            as_float(claims.custody_and_administration),
            as_float(claims.servicing),
            as_float(senior),
            as_float(claims.junior_due),
        ),
        axis=-1,
    )
    cash = np.broadcast_to(as_float(cash), owed.shape[:-1])
    reached = np.minimum(np.cumsum(owed, axis=-1), cash[..., None])
    paid = np.diff(reached, axis=-1, prepend=0.0)
    return Distribution(
        custody_and_administration=as_float(paid[..., 0]),
        servicing=as_float(paid[..., 1]),
        senior=as_float(paid[..., 2]),
        junior=as_float(paid[..., 3]),
        equity=as_float(cash - reached[..., -1]),
        senior_shortfall=as_float(np.maximum(claims.senior_due - paid[..., 2], 0.0)),
    )


def structural_premium(
    legal_premium: FloatLike, path_is_discretionary: BoolLike, surcharge: FloatLike
) -> Float:
    """Legal premium, raised where the waterfall can be skipped or is at someone's discretion."""
    return as_float(
        as_float(legal_premium) + np.where(path_is_discretionary, as_float(surcharge), 0.0)
    )
