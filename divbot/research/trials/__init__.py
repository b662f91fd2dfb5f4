"""The ledger of trials: every setting ever tried on which days, and every look at a holdout.

    a sweep, a backtest --> Trial, with its daily results ----+
    its verdict, before anybody has seen it --> Judged -------+--> one file, each entry sealed by a
    the note beside it is ahead of the file --> Lost ---------+    hash over all before it

Results of a holdout are in no entry before its figures are told: what is not written cannot be
read. Start with `ledger`; `knowledge` is what the entries say of some days, `conclusion` the
procedure of evaluation with them.
"""
