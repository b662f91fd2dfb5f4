"""The engine: what a trader does at each price check.

```
loop -> engine: snapshot (quotes) -> watch (minutes, funding: exits) -> decide -> sizing -> events
        replay: the minutes that passed between two of them, one after the other
        questions: what is asked of the venue, and asked again later where it fails
        account: the journal and the last quotes, as these parts share them
        troubles: what keeps from trading, told once
```
"""
