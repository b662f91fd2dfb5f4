"""The paper trader: decisions, sizes, the engine, its journal and its statistics."""
