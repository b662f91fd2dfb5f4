"""What became of past divergences, and what that says of the next one; words: docs/glossary.md.

```
trial         past divergences of a block, tried as trades -> samples (what became of each)
base_rates    how far price went towards a target, by interval, counted from years
chance        a driftless price between two barriers
expectations  chance + base rate + costs -> confidence and expectancy of a signal
walk -> calibration, repetition   what was stated, against what came later
recording     years of candles, and what is counted on them
weekly        a week is one observation
```
"""
