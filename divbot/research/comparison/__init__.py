"""A paper run beside the same time traded again on final candles: what differs, and why.

account      what a trader had at any moment, and when a run was not running
rerun        the run once more: its sessions, one after the other, on a virtual clock
result       what a trade comes to in R, as its entry, exit and funding change
reasons      why one of the two did not enter what the other entered, or ended it otherwise
differences  trade by trade: what each reason cost, and that nothing is left over
"""
