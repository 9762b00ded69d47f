"""The mail to an agency's owner: that this week's proposals are there, in numbers; the files themselves only over a closed line.

Mail is stored and forwarded by others. Without `attach` in the connection it names nobody and carries nothing.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from mutasi.publish.extracts import HTML, MANIFEST, PDF, XLSX
from mutasi.publish.transfer_wording import TITLE, week_title
from mutasi.sources.connection import Connection

SECONDS = 30
TYPES = {
    XLSX: ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    PDF: ("application", "pdf"),
    HTML: ("text", "html"),
}


def send(folder: Path, mailbox: str | None, connection: Connection, error: Callable[[str], Exception]) -> int:
    """Send the notice of one extract; returns how many files went with it.

    The connection's `extra`: `from_email`; `security` (`starttls`, the default, `ssl`, or `none`); `attach` (`true` sends workbook and
    report); `ca_file` for a server with a certificate of its own.

    Raises:
        Exception: as worded by `error`, when there is no address or the files would go over an open line.
    """
    extra = connection.extra
    security, attach = str(extra.get("security", "starttls")), str(extra.get("attach", "false")).lower() == "true"
    if not mailbox:
        raise error("the agency file has no owner.email to write to.")
    if attach and security == "none":
        raise error(
            "files with personal data are not sent over an open line; set extra.security to starttls or ssl, or extra.attach to false."
        )
    message = _message(folder, mailbox, str(extra.get("from_email") or connection.login or "mutasi@localhost"))
    attached = [name for name in (XLSX, PDF) if attach and (folder / name).exists()]
    for name in attached:
        kind, subtype = TYPES[name]
        message.add_attachment((folder / name).read_bytes(), maintype=kind, subtype=subtype, filename=name)
    with _server(connection, security) as server:
        if connection.login and connection.password:
            server.login(connection.login, connection.password)
        server.send_message(message)
    return len(attached)


def _message(folder: Path, mailbox: str, sender: str) -> EmailMessage:
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    counts = {Path(f["name"]).stem: f["rows"] for f in told["files"] if f["name"].startswith("csv/")}
    message = EmailMessage()
    message["From"], message["To"] = sender, mailbox
    message["Subject"] = f"{TITLE} {told['week']}: {told['agency_name']}"
    message["X-Mutasi-Run"] = told["run_id"]
    message.set_content(
        f"""TERBATAS

{TITLE} untuk {told["agency_name"]}, {week_title(told["week"]).lower()}, telah disetujui untuk dikirim.

Usulan prioritas : {counts.get("usulan-prioritas", 0)}
Usulan cadangan  : {counts.get("usulan-cadangan", 0)}
Data per tanggal : {told["data_as_of"]}
Kode rencana     : {told["run_id"]}

Berkas ada pada folder {told["week"]}/{told["run_id"]}/{folder.name}. Surat ini tidak memuat nama atau NIP.
Isi keputusan pada keputusan.csv dan kembalikan kepada pengelola Mutasi. Daftar ini usulan, bukan keputusan mutasi.
"""
    )
    return message


def _server(connection: Connection, security: str) -> smtplib.SMTP:
    host, port = connection.host or "localhost", connection.port or (465 if security == "ssl" else 587)
    context = ssl.create_default_context(cafile=connection.extra.get("ca_file") or None)
    if security == "ssl":
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=SECONDS)
    if security != "none":
        server.starttls(context=context)
    return server
