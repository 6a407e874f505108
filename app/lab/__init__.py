"""The same world in a real kernel: built in throw-away namespaces, probed, captured, compared with the computed one."""
