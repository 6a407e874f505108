"""Runs inside the sandbox: builds, listens, captures, probes, reads."""
