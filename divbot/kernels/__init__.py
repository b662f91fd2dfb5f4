"""The mathematics, compiled: arrays in, arrays out; nothing here knows of divbot."""
