// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IPyth} from "../interfaces/IPyth.sol";

/// @title Pyth with the real one's storage shape: one packed price slot per id
contract MockPyth is IPyth {
    struct Slot {
        uint64 publishTime;
        int32 expo;
        int64 price;
        uint64 conf;
    }

    mapping(bytes32 => Slot) private _slots;

    error PriceFeedNotFound(bytes32 id);

    function set(bytes32 id, int64 price, uint64 conf, int32 expo, uint64 publishTime) external {
        _slots[id] = Slot(publishTime, expo, price, conf);
    }

    function getPriceUnsafe(bytes32 id) external view override returns (Price memory p) {
        Slot storage s = _slots[id];
        p = Price(s.price, s.conf, s.expo, s.publishTime);
        if (p.publishTime == 0) revert PriceFeedNotFound(id);
    }
}
