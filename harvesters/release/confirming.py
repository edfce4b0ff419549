"""What became of the packages that were sent: receipts come in, and the list shows it.

exported   the file is written, nothing has come back
delivered  taken over there, changes wait for a person
confirmed  taken and carried out (`refused` counts entries that were not)
failed     refused as a whole, or undone over there
"""

# pyright: basic
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.govcn.harvest.releases import ReceivedReceipt, SentPackage
from sqlalchemy.dialects.postgresql import insert

from harvesters.configured import config_folder
from harvesters.release.exceptions import FolderUnusable, ReceiptInvalid, ReceiptUnknown
from harvesters.release.receipts import LARGEST, Receipt
from harvesters.release.settings import load_settings

SHOWN_AS = {"waiting": "delivered", "applied": "confirmed", "refused": "failed", "undone": "failed"}
REJECTED = "R04"
AGAIN = sa.text("""
    UPDATE govcn_release_sent_entry SET hash = '' WHERE number = :number AND released AND package_id = ANY(:ids)
""")
SENT = sa.text("""
    SELECT s.number, s.digest, s.is_full, s.made_at, s.manifest, s.path,
           coalesce(jsonb_agg(r.receipt ORDER BY r.site) FILTER (WHERE r.site IS NOT NULL), '[]'::jsonb) AS receipts
    FROM govcn_release_sent s LEFT JOIN govcn_release_receipt r USING (number)
    GROUP BY s.number ORDER BY s.number DESC LIMIT :limit
""")


def confirm(path: Path) -> Receipt:
    """Take a receipt in. What was refused over there comes again with the next package, unless a person rejected it.

    Raises ReceiptError, FolderUnusable. The same receipt again changes nothing; an older state never replaces a newer.
    """
    try:
        with path.open("rb") as stream:
            envelope = stream.read(LARGEST * 2 + 1)
    except OSError as error:
        raise FolderUnusable(folder=path, why=error.strerror or type(error).__name__) from error
    if len(envelope) > LARGEST * 2:
        raise ReceiptInvalid(why="文件太大。", why_en="the file is too large.")
    receipt = Receipt.opened(envelope, load_settings(config_folder()).receivers)
    query = sa.select(SentPackage.digest, SentPackage.manifest).where(SentPackage.number == receipt.number)
    sent = model.Session.execute(query).one_or_none()
    if sent is None or sent.digest != receipt.digest or sent.manifest["site"] != receipt.sender:
        raise ReceiptUnknown(number=receipt.number, site=receipt.site)
    _keep(receipt)
    again = [each.id for each in receipt.refused if each.rule != REJECTED]
    if receipt.state == "applied" and again:
        model.Session.execute(AGAIN, {"number": receipt.number, "ids": again})
    model.Session.commit()
    return receipt


def _keep(receipt: Receipt) -> None:
    row = {"site": receipt.site, "number": receipt.number, "state": receipt.state, "receipt": asdict(receipt)}
    statement = insert(ReceivedReceipt.__table__).values(row)
    newer = ReceivedReceipt.receipt["at"].astext <= receipt.at
    changed = {name: statement.excluded[name] for name in ("state", "receipt")} | {"imported_at": sa.func.now()}
    model.Session.execute(statement.on_conflict_do_update(index_elements=["site", "number"], set_=changed, where=newer))


def sent(limit: int = 100) -> list[dict[str, Any]]:
    """The packages sent, latest first, with what became of each."""
    return [_shown(row) for row in model.Session.execute(SENT, {"limit": limit})]


def _shown(row: Any) -> dict[str, Any]:
    receipts = [{**receipt, "refused": receipt["refused"][:100]} for receipt in row.receipts]
    states = {SHOWN_AS[receipt["state"]] for receipt in receipts}
    worst = next((state for state in ("failed", "delivered", "confirmed") if state in states), "exported")
    manifest = {name: row.manifest[name] for name in ("entries", "withdrawals", "files", "suite", "key_id")}
    return {
        "number": row.number,
        "full": row.is_full,
        "made_at": row.made_at.isoformat(),
        "digest": row.digest,
        "file": row.path,
        "there": Path(row.path).is_file(),
        "counts": {name: manifest[name]["count"] for name in ("entries", "withdrawals", "files")},
        "suite": manifest["suite"],
        "key_id": manifest["key_id"],
        "state": worst,
        "receipts": receipts,
    }
