"""Asks the running kernel about its own functions: small BPF programs on its tracepoints, gone with the process that loaded them."""
