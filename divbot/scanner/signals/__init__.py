"""From a divergence to an opportunity.

```
measurement   divergences of a block -> signals: what their candles say, one per row
plan          how a divergence is traded: its stop and its target, unrounded
score         parts of 0 to 1 and their weights
ranking       signals -> opportunities: fresh ones, with plan, evidence and score, the best first
```
"""
