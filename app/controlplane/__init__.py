"""Objects in, kernel state out: one module a component, named as in `ps`."""
