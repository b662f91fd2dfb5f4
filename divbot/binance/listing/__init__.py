"""Which symbols there are: `listing` asks, `rules` leave out, `universe` chooses and remembers.

`flat` and `stocks` find what no list names: pegs by their prices, stocks by the futures on them.
"""
