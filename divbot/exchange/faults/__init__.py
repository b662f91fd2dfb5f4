"""Faults on demand or by a seeded plan.

```
kinds -> schedule: which request meets which -> responses: spoiled, but sent as any other
                                             -> transfers: bytes that no proper server sends
bombs: little that unpacks to a lot
```
"""
