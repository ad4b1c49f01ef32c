"""Where a server listens, and whether it can."""

import socket

from .terminal import fail


def reachable(host: str) -> str:
    """Return an address that a browser on this machine can open when a server listens on `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104


def require_free(host: str, port: int) -> None:
    """Fail with a sentence unless a server can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            fail(f"Port {port} needs administrator rights. Choose one above 1023 with --port.")
        except OSError as error:
            fail(f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port, such as --port {port + 1}.")
