"""What the middleware makes of an answer that is shorter than it says."""

import gzip

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from storefront.middleware import CompressionMiddleware

FILE, SCRIPT = "/static/js/index.js", b"export const t = 1;\n" * 100
KEPT = "public, immutable, max-age=31536000"


class InterruptedFiles:
    """An application whose first answers end too early, as when reading a file is interrupted."""

    def __init__(self, interrupted: int) -> None:
        self.asked = 0
        self._interrupted = interrupted

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked += 1
        headers = [(b"content-length", str(len(SCRIPT)).encode()), (b"cache-control", KEPT.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        body = SCRIPT[:100] if self.asked <= self._interrupted else SCRIPT
        await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize("interrupted", [0, 1])
def test_a_file_that_came_cut_off_is_asked_for_again_and_kept_as_a_whole(interrupted: int) -> None:
    files = InterruptedFiles(interrupted)
    client = TestClient(CompressionMiddleware(files))
    for _ in range(2):  # compressed now, and kept
        answer = client.get(FILE, headers={"Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.content) == (200, SCRIPT)
        assert (answer.headers["content-encoding"], answer.headers["cache-control"]) == ("gzip", KEPT)
        assert answer.headers["content-length"] == str(len(gzip.compress(SCRIPT)))
    assert files.asked == 1 + interrupted


def test_a_file_that_comes_cut_off_each_time_is_kept_by_nobody() -> None:
    files = InterruptedFiles(interrupted=2)
    client = TestClient(CompressionMiddleware(files))
    refused = client.get(FILE, headers={"Accept-Encoding": "gzip"})
    assert (refused.status_code, refused.content, refused.headers["cache-control"]) == (503, b"", "no-store")
    whole = client.get(FILE, headers={"Accept-Encoding": "gzip"})
    assert (whole.status_code, whole.content, whole.headers["cache-control"]) == (200, SCRIPT, KEPT)
