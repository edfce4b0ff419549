"""Counting views and downloads: other packages call `count_view` and `count_download`; no request can fail here."""

from __future__ import annotations

import atexit
import datetime
import logging
import os
import threading

import ckan.plugins.toolkit as tk
from ckan import model as ckan_model

from . import model
from .batch import Batch, is_bot

log = logging.getLogger(__name__)

_batch: Batch | None = None
_owner: int = 0
_lock = threading.Lock()


def count_view(package_id: str, resource_id: str = "") -> None:
    """One look at a dataset's page."""
    _count(package_id, resource_id, "views")


def count_download(package_id: str, resource_id: str) -> None:
    """One file handed out. To be called when the data is really delivered, not when it is refused."""
    _count(package_id, resource_id, "downloads")


def downloaded(resource_id: str) -> None:
    """Subscriber of CKAN's signal `resource_download`: one whole, fresh delivery is one download."""
    headers = tk.request.headers
    if (
        tk.request.method != "GET"
        or "If-None-Match" in headers
        or not headers.get("Range", "bytes=0-").startswith("bytes=0-")
    ):
        return
    resource = ckan_model.Resource.get(resource_id)
    if resource is not None and resource.package_id:
        count_download(resource.package_id, resource_id)


def flush() -> int:
    """Write what is in memory now; the number of rows. Used by tests and at the end of the process."""
    if _batch is None or _owner != os.getpid():
        return 0
    try:
        return _batch.flush()
    except Exception:  # noqa: BLE001  counting is never worth an error page; the counts stay in memory
        log.warning("usage counts could not be written, keeping them", exc_info=True)
        return 0


def _count(package_id: str, resource_id: str, kind: str) -> None:
    if tk.request and is_bot(tk.request.headers.get("User-Agent")):
        return
    day = datetime.date.today().isoformat()  # noqa: DTZ011  the server's own calendar day
    first = _ensure_batch()
    if first.add((day, package_id, resource_id, kind)):
        flush()


def _ensure_batch() -> Batch:
    """The batch of this process. A forked worker starts its own: the parent's counts are the parent's to write."""
    global _batch, _owner  # noqa: PLW0603
    with _lock:
        if _batch is None or _owner != os.getpid():
            seconds = tk.config["ckanext.govcn.usage.flush_seconds"]
            _batch = Batch(model.add, tk.config["ckanext.govcn.usage.flush_size"], seconds)
            _owner = os.getpid()
            atexit.register(flush)
            threading.Thread(target=_flush_now_and_then, args=(_batch, seconds), daemon=True).start()
    return _batch


def _flush_now_and_then(batch: Batch, seconds: float) -> None:
    """So that the last counts before a quiet night are written too."""
    pause = threading.Event()
    while batch is _batch:
        pause.wait(max(seconds, 1))
        flush()
