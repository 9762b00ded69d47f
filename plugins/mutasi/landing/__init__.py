"""From what arrived to what may be used: raw archive, typed snapshot, promotion, quarantine and history."""
