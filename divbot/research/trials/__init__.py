"""The ledger of trials: every setting ever tried on which days, and every look at a holdout.

    a sweep, a backtest --> Trial, with its daily results ----+
    the gate is passed  --> Opening, before anybody looks ----+--> one file, each entry sealed by a
    what came of it, before it is told --> Judged ------------+    hash over all before it
    the note beside it is ahead of the file --> Lost ---------+

Results of a holdout are computed for the winner alone, once its look is written, and are in no
entry before figures are told: what is not there cannot be read. Start with `ledger`; `knowledge` is
what the entries say of some days, `conclusion` the procedure of evaluation with them.
"""
