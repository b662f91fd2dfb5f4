"""What the venue's answers say: `endpoints` (paths, weights), `rows` and `wire` (JSON to types)."""
