"""What the machine does on a bad day: its disk is full, its mail server is slow, its folder goes away."""

import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from checkout_core import Settings, open_checkout
from checkout_core.domain.errors import StoreUnavailable
from checkout_core.stores.blocking import BlockingOrderStore
from checkout_core.stores.duckdb.store import DuckDBStore
from stripe_simulator.testing.server import running
from tests.support.databases import make_migrated_file
from tests.support.limited import lines_of
from tests.support.orders import an_order, creating
from tests.support.programs import free_port
from tests.support.shopper import paid_order

from .outcome import Attack, Outcome

DISK = "4m"
FILLING = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ballast = path.with_name("ballast")
if not ballast.exists():  # no small disk can be had: files may not grow instead
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
store, number = BlockingOrderStore(DuckDBStore(path)), 0
for full in range(times):
    try:
        while True:
            key = f"cs_{full}_{number}"
            store.update(key, creating(an_order(key, metadata={"text": os.urandom(2000).hex()})))
            print("kept", key, flush=True)
            number += 1
    except CheckoutError as error:
        print("said", error.message, flush=True)
if ballast.exists():
    ballast.unlink()
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for number in range(3):
    store.update(f"cs_after_{number}", creating(an_order(f"cs_after_{number}")))
    print("kept", f"cs_after_{number}", flush=True)
store.close()
"""


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """Give a folder on a disk of a few megabytes, with a file that can be removed; one of this disk where none can be had."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)]
    mounted = (
        shutil.which("mount") is not None and not subprocess.run(mount, capture_output=True, check=False).returncode
    )
    try:
        if mounted:
            (disk / "ballast").write_bytes(b"x" * 1_000_000)
        yield disk
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def full_disk(folder: Path, times: int) -> Outcome:
    """Write until the disk is full, go on trying, make room, and look for every order that was acknowledged."""
    with _small_disk(folder) as disk:
        file = make_migrated_file(disk / "orders.duckdb")
        mounted = (disk / "ballast").exists()
        lines = lines_of(f"times = {times}\n{FILLING}", file)
        kept = [line.split()[1] for line in lines if line.startswith("kept")]
        said = [line for line in lines if line.startswith("said")]
        with BlockingOrderStore(DuckDBStore(file)) as store:
            lost = sum(store.get(key) is None for key in kept)
    return Outcome(
        f"{times} times a full disk ({'a small one' if mounted else 'files that may not grow'}), {len(kept)} orders acknowledged",
        down=3 - sum(key.startswith("cs_after") for key in kept),
        lost=lost,
        unanswered=sum("is full" not in line for line in said),
    )


class _SlowMailServer:
    """Takes its time for every letter, and counts those that arrive."""

    def __init__(self, seconds: float) -> None:
        self.letters: Counter[str] = Counter()
        self._seconds = seconds

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        import asyncio

        await asyncio.sleep(self._seconds)
        content = (envelope.original_content or b"").decode(errors="replace")
        self.letters[next(line for line in content.splitlines() if line.lower().startswith("message-id"))] += 1
        return "250 OK"


def slow_mail(folder: Path, letters: int) -> Outcome:
    """Let two processes' worth of checkouts send letters through a mail server that is slow."""
    server, port, handled = _SlowMailServer(1.0), free_port(), list[str]()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    waited: list[float] = []
    try:
        with running() as (stripe_url, _):
            settings = Settings.model_validate(
                {
                    "data_dir": folder,
                    "stripe_api_base": stripe_url,
                    "smtp_url": f"smtp://127.0.0.1:{port}",
                    "mail_from": "shop@example.com",
                }
            )
            with open_checkout(settings) as one, open_checkout(settings) as other:
                orders = [paid_order(one).id for _ in range(letters)]
                began = time.monotonic()
                for each in (one, other):

                    def warehouse(order: Any) -> None:
                        handled.append(order.id)
                        waited.append(time.monotonic() - began)

                    each.on_paid(warehouse, name="warehouse")
                threads = [threading.Thread(target=each.dispatch_outbox) for each in (one, other)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                one.dispatch_outbox()
                left = one.store.count_outbox()
    finally:
        controller.stop()
    doubled = sum(count - 1 for count in server.letters.values()) + len(handled) - len(set(handled))
    return Outcome(
        f"{letters} letters through a mail server that takes a second for each, sent by two checkouts",
        lost=doubled + len(orders) - len(server.letters) + len(set(orders) - set(handled)),
        unanswered=left,
        figures=f"the last other handler ran after {max(waited):.1f} s",
    )


def folder_gone(folder: Path, times: int) -> Outcome:
    """Take the data folder away under a running program, and put it back."""
    data = folder / "data"
    data.mkdir()
    file = make_migrated_file(data / "orders.duckdb")
    kept, begun_anew = 0, 0
    with BlockingOrderStore(DuckDBStore(file)) as store:
        for number in range(times):
            store.update(f"cs_{number}", creating(an_order(f"cs_{number}")))
            kept += 1
            data.rename(folder / "away")
            if number % 2:
                data.mkdir()
            try:
                store.update(f"cs_gone_{number}", creating(an_order(f"cs_gone_{number}")))
                begun_anew += 1
            except StoreUnavailable:
                pass
            begun_anew += file.exists()
            shutil.rmtree(data, ignore_errors=True)
            (folder / "away").rename(data)
        lost = sum(store.get(f"cs_{number}") is None for number in range(times))
    return Outcome(f"{times} times the data folder went away and came back", lost=lost + begun_anew)


MACHINE_ATTACKS = (
    Attack("A full disk", full_disk, quick=2, long=20),
    Attack("A slow mail server", slow_mail, quick=3, long=20),
    Attack("The folder goes away", folder_gone, quick=2, long=20),
)
