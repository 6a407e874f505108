"""What the administrator wrote: Kubernetes objects, reduced to what decides a packet's way."""
