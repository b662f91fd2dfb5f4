"""The engine: what a trader does at each look.

```
loop -> engine: snapshot (quotes) -> watch (minutes, funding: exits) -> decide -> sizing -> events
        replay: the minutes that nobody looked at, one after the other
        questions: what is asked of the venue, and asked again later where it fails
```
"""
