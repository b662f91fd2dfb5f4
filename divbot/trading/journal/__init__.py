"""The journal: an event is on disk before the next thing happens.

```
journal -> records (event <-> text) -> chain (hash of each and of all before) -> database, schema
        -> projections: tables derived from events
upgrade, versions: journals of other versions
runs: which journals there are
```
"""
