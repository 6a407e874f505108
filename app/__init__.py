"""Packet Journeys: computed journeys of packets through Kubernetes networking."""
