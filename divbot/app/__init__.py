"""The composition root: the room that chooses venue, pool and exchange, and puts all together.

```
scanning       a scanner: settings, venue or demo, workers
scan_rules     what the settings say about a scan
trading_rules  what they say about trading
paper          a paper run: scanner thread, engine, journal; options: what it is told besides
backtest       a run on the past; backtest_result: what it came to; frames: the same for pandas
histories      the past that commands are about; known_funding: what is known of its funding
detail         the candles between two closes of a run on the past: fetched, or stood in for
scripting      what scripts call of it
sweep          a search of settings; sweep_setup: what it is made of; sweep_words: what it says of
               itself; sweep_portfolios: its winner as an account; search_space: what is tried;
               trials: what was ever tried
watching       a watch: scanner thread, filters, outbox
alerting       what the settings say about alerts
checkup        what of this machine is well, and what is not
journals       runs: opened, resumed, listed
run_candles    the candles around the trades of a run
explanation    why one symbol came to its place
looking        one symbol, for the page: examined, and explained
examination    one symbol, as every kernel sees it
stores         the store of candles; download: what fills it; homes: where it is
how_to_fetch   the command that fetches what is missing
store_rate     the base rate that it shows
verification   what was stated of a recording, against what came
paper_verification  a paper run, and the same time again on final candles; paper_past: which
```
"""
