"""The packet, as values: one frozen record per header, nested as the headers are on the wire."""
