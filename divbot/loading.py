"""Imported first by a process of divbot's own: it looks for garbage more rarely from then on.

Loading modules makes hundreds of thousands of objects, which all stay. Python would look at them
again and again, for an eighth of the time that loading takes.
"""

import gc

gc.set_threshold(20_000)
