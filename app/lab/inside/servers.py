"""The listening processes: each a thread that lives in its namespace, with blocking sockets."""

import threading

from app.lab import ends
from app.lab.inside.namespaces import Namespaces
from app.lab.job import Server
from app.process.programs import FIRST_PORT


def start(namespaces: Namespaces, server: Server) -> None:
    """Returns when the socket listens.  A proxy's own connections begin at the first free port, as in the engine."""
    with namespaces.inside(server.netns):
        listening = ends.listen(server.protocol, server.port)

    def live() -> None:
        namespaces.enter(server.netns)
        ends.serve(listening, ends.answering(server.kind, server.words, FIRST_PORT))

    threading.Thread(target=live, daemon=True).start()
