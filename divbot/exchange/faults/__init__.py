"""Faults on demand or by a seeded plan: `faults` draws, `spoiling` bodies, `wire` connections."""
