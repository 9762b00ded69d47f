"""Takes published extracts to where planners are: a folder, an SFTP server, an S3 bucket, or a mailbox.

Each way is a connection with a fixed name, `mutasi_delivery_folder`, `_sftp`, `_s3`, `_smtp`; with `_<agency_id>` behind it, it is for
that agency alone and goes before the general one. A way without a connection is not taken. The manifest goes last, so that a
folder with a manifest is whole, and what has arrived is not sent again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsspec import AbstractFileSystem

from mutasi.publish.delivery_mail import send
from mutasi.publish.extracts import MANIFEST, REGION_FOLDER, verify_extract
from mutasi.sources.connection import Connection, SourceError
from mutasi.sources.folders import open_folder

FOLDERS = ("folder", "sftp", "s3")
WAYS = (*FOLDERS, "smtp")
PREFIX = "mutasi_delivery_"


class DeliveryError(SourceError):
    """An extract did not arrive; the message names way and agency and what to do, and may pass by itself."""


@dataclass(frozen=True)
class Receipt:
    """What became of one extract on one way."""

    agency_id: str
    way: str
    files: int
    is_new: bool


@dataclass(frozen=True)
class _Named:
    """Words the errors of one delivery."""

    connection_name: str
    agency_id: str

    def error(self, sentence: str) -> DeliveryError:
        """An error that begins with the agency."""
        return DeliveryError(f"{self.agency_id}, delivery: {sentence}")


def deliver(extracts: Path, mailboxes: dict[str, str], find: Callable[[str], Connection | None]) -> list[Receipt]:
    """Take every extract of a published run along every way that has a connection.

    Args:
        extracts: the folder of a published run.
        mailboxes: address of each agency's owner.
        find: resolves the name of a connection; None where there is none.

    Raises:
        DeliveryError: an extract could not be delivered; the others were.
        ExtractError: an extract is not what its manifest says; it was not passed on.
    """
    receipts, failed = [], []
    for folder in sorted(f for f in extracts.iterdir() if (f / MANIFEST).exists()):
        verify_extract(folder)
        for way in WAYS:
            name, connection = _connection(way, folder.name, find)
            if connection is None:
                continue
            try:
                receipts.append(_take(way, folder, mailboxes.get(folder.name), connection, _Named(name, folder.name)))
            except DeliveryError as error:
                failed.append(str(error))
    if failed:
        raise DeliveryError(" ".join(failed))
    return receipts


def _connection(way: str, agency_id: str, find: Callable[[str], Connection | None]) -> tuple[str, Connection | None]:
    """The agency's own connection, else the general one; the region's extract is sent nowhere without one of its own."""
    own = f"{PREFIX}{way}_{agency_id}"
    if (connection := find(own)) is not None or agency_id == REGION_FOLDER:
        return own, connection
    return PREFIX + way, find(PREFIX + way)


def _take(way: str, folder: Path, mailbox: str | None, connection: Connection, named: _Named) -> Receipt:
    try:
        if way == "smtp":
            return Receipt(folder.name, way, send(folder, mailbox, connection, named.error), True)
        files, root = _s3(connection) if way == "s3" else open_folder(connection, named)
        return _upload(way, folder, files, root)
    except DeliveryError:
        raise
    except Exception as error:
        # Each library has errors of its own, and their texts may hold addresses and secrets.
        raise named.error(
            f"connection `{named.connection_name}` did not take the extract ({type(error).__name__}); check address, user, password or "
            "key, free space, and that the server runs. What has arrived stays and is not sent again."
        ) from None


def _upload(way: str, folder: Path, files: AbstractFileSystem, root: str) -> Receipt:
    """Copy an extract below `<root>/<week>/<run>/<agency>/`, its manifest last."""
    told = (folder / MANIFEST).read_bytes()
    week, run_id = json.loads(told)["week"], json.loads(told)["run_id"]
    target = "/".join([root.rstrip("/"), week, run_id, folder.name])
    if files.exists(f"{target}/{MANIFEST}") and files.cat_file(f"{target}/{MANIFEST}") == told:
        return Receipt(folder.name, way, 0, False)
    names = sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.name != MANIFEST)
    for place in sorted({target, *(f"{target}/{Path(n).parent}" for n in names if "/" in n)}):
        files.makedirs(place, exist_ok=True)
    for name in [*names, MANIFEST]:
        files.put_file(str(folder / name), f"{target}/{name}")
    _close(files, target, names)
    return Receipt(folder.name, way, len(names) + 1, True)


def _close(files: AbstractFileSystem, target: str, names: Sequence[str]) -> None:
    """On a mounted folder, close what was written to others; servers keep their own rights."""
    if "file" in (files.protocol if isinstance(files.protocol, (tuple, list)) else (files.protocol,)):
        for place in {Path(target), *(Path(target, n).parent for n in names)}:
            place.chmod(0o700)


def _s3(connection: Connection) -> tuple[AbstractFileSystem, str]:
    """A bucket: `host` is `s3://bucket/folder`, `login` and `password` the key, `extra` endpoint_override and region."""
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import S3FileSystem

    extra = connection.extra
    options = {name: extra[name] for name in ("endpoint_override", "region", "scheme") if extra.get(name)}
    store = S3FileSystem(access_key=connection.login, secret_key=connection.password, **options)
    return ArrowFSWrapper(store), str(connection.host).removeprefix("s3://").strip("/")
