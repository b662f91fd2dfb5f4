"""Alerts: each kept before it is sent, and sent until each sink has it.

```
signals (an opportunity in words), template --> alert --> outbox (SQLite: kept once, until taken)
                                                             |
dispatch: a courier for each sink, in a thread of its own <--+
   pace: quiet hours, digest, limit a minute, backoff
   sinks: Apprise, a webhook, JSON lines, the bell          (address: which, without its secret)
```
"""
