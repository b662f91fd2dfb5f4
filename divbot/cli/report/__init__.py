"""Runs and scans as pages with charts, which open without a network."""
