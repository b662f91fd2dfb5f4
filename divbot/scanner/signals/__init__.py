"""From a divergence to an opportunity: `plan` (entry, stop, target), `ranking`, `score`."""
