"""What runs above the sockets: the small programs that send, answer and relay."""
