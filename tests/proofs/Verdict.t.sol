// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {Decay} from "contracts/libraries/Decay.sol";
import {Leg} from "contracts/libraries/Leg.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";

import {OracleProof} from "./support/OracleProof.sol";
import {PlantedOracle} from "./support/PlantedOracle.sol";
import {Reads} from "../foundry/support/Reads.sol";

using Reads for PlantedOracle;

/// @notice The table over `FallbackOracle`, for all legs in all states of the oracle.
contract VerdictProof is OracleProof {
    /// @notice What a leg is worth, as the table's columns name it.
    enum Worth {
        NotFresh,
        Outside,
        Inside
    }

    /// @notice Views give the verdict, and the price that goes with it, of the table.
    function check_theVerdictIsTheTables(World memory w) public {
        enter(w);
        (IFallbackOracle.Status verdict, uint256 price,,,) = oracle.status();
        assert(verdict == expected(w, isContested(w)));
        if (verdict == IFallbackOracle.Status.Live) {
            bool lower = isContested(w) && worth(w.second) == Worth.Inside && w.second.price() < w.first.price();
            assert(price == (lower ? w.second.price() : w.first.price()));
        }
        if (verdict == IFallbackOracle.Status.Secondary) assert(price == w.second.price());
    }

    /// @notice A poke judges as a view does while the bit is set: on both legs.
    function check_aPokeJudgesBothLegs(World memory w) public {
        enter(w);
        (IFallbackOracle.Status verdict,,) = oracle.poke();
        assert(verdict == expected(w, true));
    }

    /// @notice A view gives the verdict, price and time that a poke in the same block would. With the bit clear and a
    ///         sound primary, only a poke can learn that the secondary disagrees.
    function check_viewAndPokeAgree(World memory w) public {
        enter(w);
        vm.assume(isContested(w) || worth(w.first) != Worth.Inside);
        (IFallbackOracle.Status viewed, uint256 viewedPrice, uint256 viewedAt,,) = oracle.status();
        (IFallbackOracle.Status poked, uint256 pokedPrice, uint256 pokedAt) = oracle.poke();
        assert(viewed == poked && viewedPrice == pokedPrice && viewedAt == pokedAt);
    }

    /// @notice Property 1: a verdict either has a price within the bounds, observed no longer ago than the maximum age,
    ///         or has none.
    function check_aPriceIsInBoundsAndOfAge(World memory w) public {
        enter(w);
        (IFallbackOracle.Status verdict, uint256 price, uint256 updatedAt, uint256 age,) = oracle.status();
        assert(updatedAt <= w.time && age == w.time - updatedAt);
        if (isPriced(verdict)) assert(inBounds(price) && age <= MAXIMUM_AGE);
        else assert(price == 0);
    }

    /// @notice Property 2: a price decays only while no leg is fresh, and from the newer of checkpoint and primary.
    function check_onlySilenceDecays(World memory w) public {
        enter(w);
        (IFallbackOracle.Status verdict, uint256 price, uint256 updatedAt,,) = oracle.status();
        if (verdict != IFallbackOracle.Status.Decaying) return;
        assert(worth(w.first) == Worth.NotFresh && worth(w.second) == Worth.NotFresh);
        (uint256 base, uint256 since) = decayBase(w);
        assert(updatedAt == since && price == decayed(base, w.time - since));
    }

    /// @notice Property 3: while the persisted bit stands, no surface has a price, and a poke leaves the bit.
    function check_aTrippedOracleHasNoPrice(World memory w) public {
        enter(w);
        vm.assume(isTripped(w));
        (IFallbackOracle.Status verdict, uint256 price,,, uint256 undecayed) = oracle.status();
        assert(verdict == IFallbackOracle.Status.Tripped && price == 0 && undecayed == 0);
        assert(refuses(abi.encodeCall(oracle.lastPrice, ())));
        assert(refuses(abi.encodeCall(oracle.latestAnswer, ())));
        assert(refuses(abi.encodeCall(oracle.latestRoundData, ())));
        (, price,) = oracle.poke();
        assert(price == 0 && oracle.state() == w.state);
    }

    /// @notice The checkpoint read is blind to the legs, and as bound by the bounds and the maximum age.
    function check_theCheckpointReadIsBounded(World memory w) public {
        enter(w);
        try oracle.lastPrice() returns (uint256 price, uint256 updatedAt) {
            assert(!isTripped(w) && !isContested(w));
            assert(inBounds(price));
            assert(updatedAt == checkpointTime(w) && w.time - updatedAt <= MAXIMUM_AGE);
        } catch {}
    }

    /// @notice Property 4: no secondary, whatever it says, trips or moves the price of a market whose primary is sound,
    ///         but for a lower price within tolerance or a pause for its disagreement.
    function check_aSecondaryCannotTripASoundPrimary(World memory w) public {
        enter(w);
        vm.assume(worth(w.first) == Worth.Inside && !isTripped(w));
        (IFallbackOracle.Status verdict, uint256 price,) = oracle.poke();
        assert(oracle.state() & W.TRIPPED == 0);
        if (verdict == IFallbackOracle.Status.Contested) return;
        assert(verdict == IFallbackOracle.Status.Live);
        bool lower = w.second.price() < w.first.price() && agree(w.second.price(), w.first.price());
        assert(price == w.first.price() || (lower && price == w.second.price()));
    }

    /// @notice A poke persists a trip exactly on that verdict, sets the bit on Contested, clears it on Live and keeps it
    ///         otherwise; the checkpoint moves on Live alone, and then to the primary.
    function check_whatAPokeWrites(World memory w) public {
        enter(w);
        (IFallbackOracle.Status verdict,,) = oracle.poke();
        uint256 state = oracle.state();
        assert((state & W.TRIPPED != 0) == (verdict == IFallbackOracle.Status.Tripped));
        if (verdict == IFallbackOracle.Status.Live) {
            assert(state & W.CONTESTED == 0);
            assert(state & W.PRICE_MASK == w.first.price());
            assert((state >> W.PRICE_TIME) & W.TIME_MASK == w.first.time());
        } else {
            assert((state & W.CONTESTED != 0) == (isContested(w) || verdict == IFallbackOracle.Status.Contested));
            assert((state ^ w.state) & ~(W.CONTESTED | W.TRIPPED) == 0);
        }
    }

    /// @notice A poke spends neither the epoch of the contest word, except on a trip it persists, nor the configuration.
    function check_aPokeEndsAnEpochOnlyByATrip(World memory w) public {
        enter(w);
        uint256 configured = oracle.configuration();
        uint64 epoch = uint64(w.contest >> W.EPOCH);
        oracle.poke();
        bool trips = !isTripped(w) && oracle.state() & W.TRIPPED != 0;
        unchecked {
            assert(uint64(oracle.contest() >> W.EPOCH) == (trips ? epoch + 1 : epoch) || epoch == type(uint64).max);
        }
        assert(oracle.configuration() == configured && oracle.referenceWord() == 0);
    }

    /// @notice The table, as one.
    function expected(World memory w, bool bothLegs) private view returns (IFallbackOracle.Status) {
        if (isTripped(w)) return IFallbackOracle.Status.Tripped;
        (Worth first, Worth second) = (worth(w.first), worth(w.second));
        if (first == Worth.Inside) {
            if (!bothLegs || second != Worth.Inside || agree(w.first.price(), w.second.price())) {
                return IFallbackOracle.Status.Live;
            }
            return IFallbackOracle.Status.Contested;
        }
        if (first == Worth.Outside) {
            if (second != Worth.Inside || confirmed(w)) return IFallbackOracle.Status.Tripped;
            return IFallbackOracle.Status.Contested;
        }
        if (second == Worth.Inside) return IFallbackOracle.Status.Secondary;
        if (second == Worth.Outside) return IFallbackOracle.Status.Tripped;
        return silent(w);
    }

    /// @notice Without a fresh leg: by the age of the base. Below the asset's least price a decayed one stops.
    function silent(World memory w) private view returns (IFallbackOracle.Status) {
        (uint256 base, uint256 since) = decayBase(w);
        uint256 age = w.time - since;
        if (age <= STALENESS) return IFallbackOracle.Status.Held;
        if (age > MAXIMUM_AGE) return IFallbackOracle.Status.Stopped;
        return decayed(base, age) < MIN_PRICE ? IFallbackOracle.Status.Stopped : IFallbackOracle.Status.Decaying;
    }

    /// @notice The newer of the checkpoint and a primary answer that is in the band.
    function decayBase(World memory w) private pure returns (uint256 price, uint256 time) {
        (price, time) = (w.state & W.PRICE_MASK, checkpointTime(w));
        if (w.first.isInside() && w.first.time() > time) (price, time) = (w.first.price(), w.first.time());
    }

    /// @dev The solvers take the quotient for any function of the two, so that this is the same on both sides.
    function decayed(uint256 price, uint256 age) private view returns (uint256) {
        return price * Decay.factor(oracle.configuration(), age) / Decay.WAD;
    }

    function worth(Leg leg) private pure returns (Worth) {
        if (!leg.isFresh()) return Worth.NotFresh;
        return leg.isInside() ? Worth.Inside : Worth.Outside;
    }

    function agree(uint256 a, uint256 b) private pure returns (bool) {
        // Safe unchecked, and needed: a check of overflow divides by an unknown.
        unchecked {
            return a < b ? (b - a) * 1e5 <= a * TOLERANCE : (a - b) * 1e5 <= b * TOLERANCE;
        }
    }

    /// @notice Seen outside alone before, at another round, at least the delay and at most the maximum age ago.
    function confirmed(World memory w) private pure returns (bool) {
        uint256 since = w.contest & W.TIME_MASK;
        uint256 round = (w.contest >> W.OUTSIDE_ROUND_TIME) & W.TIME_MASK;
        uint256 elapsed = w.time - since;
        return isContested(w) && since != 0 && round != w.first.time() && CONFIRM_DELAY <= elapsed
            && elapsed <= MAXIMUM_AGE;
    }

    function isPriced(IFallbackOracle.Status verdict) private pure returns (bool) {
        return verdict == IFallbackOracle.Status.Live || verdict == IFallbackOracle.Status.Secondary
            || verdict == IFallbackOracle.Status.Held || verdict == IFallbackOracle.Status.Decaying;
    }

    function refuses(bytes memory call) private view returns (bool refused) {
        (bool answered,) = address(oracle).staticcall(call);
        return !answered;
    }
}
