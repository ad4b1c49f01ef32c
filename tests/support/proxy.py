"""A TCP proxy in front of a PostgreSQL server that cuts the line where a test wants it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from psycopg.conninfo import conninfo_to_dict

_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class _Cut:
    words: bytes
    delivered: bool


class PostgresProxy:
    """Passes bytes on in both directions. `url` leads through it to the database of the server."""

    def __init__(self, server_url: str) -> None:
        server = {key: str(value) for key, value in conninfo_to_dict(server_url).items() if value is not None}
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._cut: _Cut | None = None
        self.refusing = False
        self.hanging = False
        self.cuts = 0
        host, port = self._listener.getsockname()
        user, name = quote(server.get("user", "postgres")), quote(server.get("dbname", "postgres"))
        password = f":{quote(server['password'])}" if "password" in server else ""
        self.url = f"postgresql://{user}{password}@{host}:{port}/{name}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, words: str, *, delivered: bool = False) -> None:
        """Cut the next line on which a client says `words`: before the server hears it, or when it has `delivered`.

        A delivered one is cut when the server has answered, and the client does not get the answer.
        """
        self._cut = _Cut(words.encode(), delivered)

    def cut_all(self) -> None:
        """Cut every line that is open now."""
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            _close(*line)

    def close(self) -> None:
        """Stop listening and cut all lines."""
        _close(self._listener)
        self.cut_all()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                if self.refusing:
                    client.close()
                elif self.hanging:
                    with self._lock:
                        self._lines.append((client, client))
                else:
                    self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        host, port = unquote(self._server["host"]), self._server.get("port", "5432")
        if Path(host).is_absolute():
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port}")
        else:
            server = socket.create_connection((host, int(port)))
        with self._lock:
            self._lines.append((client, server))
        withheld = threading.Event()
        threading.Thread(target=self._to_server, args=[client, server, withheld], daemon=True).start()
        threading.Thread(target=self._to_client, args=[client, server, withheld], daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket, withheld: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(_CHUNK):
                cut = self._cut
                if cut is not None and cut.words in data:
                    self._cut = None
                    self.cuts += 1
                    if not cut.delivered:
                        break
                    withheld.set()
                server.sendall(data)
        if not withheld.is_set():
            _close(client, server)

    def _to_client(self, client: socket.socket, server: socket.socket, withheld: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(_CHUNK):
                if withheld.is_set():
                    break
                client.sendall(data)
        _close(client, server)


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def postgres_proxy(server_url: str) -> Iterator[PostgresProxy]:
    """A proxy that is closed at the end."""
    proxy = PostgresProxy(server_url)
    try:
        yield proxy
    finally:
        proxy.close()
