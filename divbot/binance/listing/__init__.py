"""Which symbols there are: `listing` asks, `rules` leave out, `universe` chooses and remembers."""
