"""Every past divergence of a block tried as a trade."""

from __future__ import annotations

import numpy as np

from divbot.arrays import Integers
from divbot.kernels.analysis import Analysis
from divbot.kernels.divergence import SYMBOL
from divbot.kernels.outcomes import ENDED, OUTCOME, outcomes
from divbot.scanner.block import Block
from divbot.scanner.evidence.samples import Samples
from divbot.scanner.signals.measurement import plans, sides
from divbot.scanner.signals.plan import PlanRules


def try_divergences(
    block: Block, analysis: Analysis, divergences: Integers, rules: PlanRules
) -> Samples:
    """Return what became of each of `divergences`, entered at the open after its confirmation."""
    columns, confirmed = divergences[:, SYMBOL], analysis.confirmed(divergences)
    ends, results = outcomes(
        np.column_stack([columns, confirmed + 1, sides(divergences)]),
        np.column_stack(plans(block, analysis, divergences, rules)),
        *(block.open, block.high, block.low, block.close),
        rules.fee,
        rules.slippage,
        rules.horizon,
    )
    return Samples(
        outcome=ends[:, OUTCOME].astype(np.int8),
        held=np.maximum(ends[:, ENDED] - confirmed, 0).astype(np.int32),
        result=results.astype(np.float32),
    )
