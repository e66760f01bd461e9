"""A small valid book with its policy and evidence, as text, for tests to break in one place."""

from __future__ import annotations

import hashlib
from pathlib import Path

from paramgen.encode import GUARDED, Field

HISTORY = "time,price\n1700000000,100.00\n1700086400,100.01\n1700172800,100.03\n1700259200,100.04\n"
HISTORY_SHA256 = hashlib.sha256(HISTORY.encode()).hexdigest()

_DAILY_WITH_BANDS = """\
      price_as_of: 2025-12-30
      lowest: 20
      highest: 200
      tick: 1 bp
      primary:
        heartbeat: 1 d
        deviation: 0 %
      band:
        up: 2 %
        down: 3 %
        window: 1 d
        slow_up: 4 %
        slow_down: 6 %
        slow_window: 7 d
      maximum_age: 30 d
    lending:
      outflow: 10 %
      elasticity: 0.42
      base_rate: 0 %/y"""
"""What follows the price of an asset that states its bands."""

BOOK = f"""\
version: "1"
name: Small book
as_of: 2025-12-31
policy: policy.yaml
evidence: report
sources:
  report:
    source: A published report
    as_of: 2025-06-30
    kind: published
  guess:
    source: Our own assumption
    as_of: 2025-06-30
    kind: assumption
  bill-prices:
    source: Published closes
    as_of: 2025-06-30
    kind: history
    file: evidence/bill.csv
    sha256: {HISTORY_SHA256}
curve:
  par_yields:
    1.5M: 4.2 %/y
    3M: 4.3 %/y
    1Y: {{value: 4.1 %/y, evidence: guess, note: rounded}}
counterparties:
  vault:
    name: The Vault
    role: custodian
    hazard: 10 bp/y
    recovery: 40 %
jurisdictions:
  sg:
    name: Singapore
    premium: 25 bp/y
assets:
  bill:
    name: Tokenised bills
    class: treasury
    issuance: 100 000 000 USD
    circulating: 80 000 000 USD
    accrual: 4 %/y
    tenor: 3M
    credit:
      pd: 1 bp
      lgd: 5 %
    liquidity:
      holding_period: 90 d
      routes:
        pool:
          kind: amm
          depth: 2 000 000 USD
          fee: 5 bp
          stress: 30 %
        issuer:
          kind: redemption
          fee: 0 %
          time: 1 d
          capacity: 5 000 000 USD
    counterparties: [vault]
    jurisdiction: sg
    market:
      history: bill-prices
      deviation: 5 bp
      delay: 1 h
    oracle:
      price: 100
      price_as_of: 2025-12-30
      lowest: 50
      highest: 200
      tick: 1 bp
      primary:
        heartbeat: 1 d
        deviation: 0 %
      history: bill-prices
      maximum_age: 7 d
    lending:
      outflow: 10 %
      elasticity: 0.42
      base_rate: 0 %/y
  note:
    name: A short note
    class: corporate-note
    issuance: 20 000 000 USD
    circulating: 20 000 000 USD
    accrual: 6 %/y
    risk_free: 4.8 %/y
    credit:
      evidence: guess
      pd: 35 bp
      lgd: 30 %
    liquidity:
      holding_period: 180 d
      routes:
        dealer:
          kind: negotiated
          discount: 5 %
          stressed: 12 %
          time: 7 d
          capacity: 1 000 000 USD
    jurisdiction: sg
    market:
      volatility: 6 %/y
      deviation: 20 bp
      delay: 1 d
    oracle:
      price: 99.5
{_DAILY_WITH_BANDS}
  mix:
    name: A vault of both
    class: basket
    issuance: 10 000 000 USD
    circulating: 10 000 000 USD
    accrual: 5 %/y
    risk_free: 4.8 %/y
    structure:
      correlation: 15 %
      overcollateral: 0 %
      reserve: 0 %
    basket:
      members:
        - asset: bill
          weight: 60 %
        - asset: note
          weight: 40 %
    liquidity:
      holding_period: 180 d
      routes:
        issuer:
          kind: redemption
          fee: 10 bp
          time: 5 d
          capacity: 1 000 000 USD
    jurisdiction: sg
    market:
      volatility: 5 %/y
      deviation: 20 bp
      delay: 1 d
    oracle:
      price: 101
{_DAILY_WITH_BANDS}
    deployments:
      ethereum:mainnet:
        token: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
"""

_POLICY = """\
version: "1"
name: Small policy
confidence: 99 %
horizons: {detection: 1 h, auction: 1 d, wind_down: 365 d, user: 1 d, user_z: 2.33}
liquidation:
  size: 400 000 USD
  typical_size: 50 000 USD
  gas: 30 USD
  funding_rate: 8 %/y
  fraction: 50 %
  largest_slippage: 5 %
liquidity: {exit_share: 10 %, stress_probability: 20 %, thin_exponent: 1}
market: {deviation_weight: 50 %/y, delay_weight: 1 %/y}
signals: {coverage: 3, proof: 50 %, downgrade: 0.5, exit: 1 %/y}
rates: {reserve_factor: 10 %, liquidity_premium: 50 bp/y, maximum: 150 %/y}
oracle:
  margin: 120 s
  business_gap: 4 d
  false_alarms: 1
  decay: chord
  largest_market_loss: 25 %
  confirm_delay: 10 min
  shock: 10 %
  poke_interval: 1 h
  update_limit: 2 %
  call_gas: 100000
caps: {circulating_share: 20 %, horizon: 30 d, target_loss: 50 000 USD, simulations: 2000, seed: 7}
volatility_priors: {treasury: 1 %/y, corporate-note: 5 %/y, basket: 4 %/y}
enabled_lltvs: [0 %, 38.5 %, 62.5 %, 77 %, 86 %, 91.5 %]
roles:
  ethereum:mainnet:
    governor: "0x1111111111111111111111111111111111111111"
    steward: "0x2222222222222222222222222222222222222222"
    guardian: "0x3333333333333333333333333333333333333333"
guardrails:
"""
_BOUNDS = {
    "%": ("0 %", "100 %", "5 %"),
    "%/y": ("0 %/y", "300 %/y", "5 %/y"),
    "s": ("0 s", "30 d", "1 h"),
    "USD": ("0 USD", "100 000 000 USD", "1 000 000 USD"),
    "1": ("0", "100", "1"),
    "1/s": ("0", "0.0005", "0.00001"),
}


def _guardrail(field: Field) -> str:
    low, high, step = _BOUNDS[field.unit]
    return (
        f"  {field.name}: {{minimum: {low}, maximum: {high}, step_up: {step}, step_down: {step}, "
        "cooldown: 1 d, window: 30 d, budget_steps: 4}\n"
    )


POLICY = _POLICY + "".join(_guardrail(field) for field in GUARDED)


def write_book(
    folder: Path, book: str = BOOK, policy: str = POLICY, history: str | bytes = HISTORY
) -> Path:
    """Write the book, its policy and its one evidence file; return the book's path."""
    (folder / "evidence").mkdir(exist_ok=True)
    raw = history if isinstance(history, bytes) else history.encode()
    (folder / "evidence" / "bill.csv").write_bytes(raw)
    (folder / "policy.yaml").write_text(policy)
    path = folder / "book.yaml"
    path.write_text(book)
    return path


def swap(text: str, old: str, new: str, count: int = 1) -> str:
    """Replace a part that must be there; a test that breaks nothing proves nothing."""
    assert old in text, old
    return text.replace(old, new, count)


def line_of(text: str, part: str, after: str = "") -> int:
    """Number of the first line that holds `part`, counted from where `after` stands."""
    start = text.index(after) if after else 0
    return text.count("\n", 0, text.index(part, start)) + 1
