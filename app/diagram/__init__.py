"""World → geometry: where everything is drawn, and along which wires a packet travels.  Deterministic, no browser needed."""
