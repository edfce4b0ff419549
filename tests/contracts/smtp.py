"""A small real SMTP server (RFC 5321) that keeps what it gets, and answers as a test wants it to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What came in. `answers`: command → what is said to it instead of yes; "" hangs up."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    answers: dict[str, str] = field(default_factory=dict[str, str])


class _Conversation(socketserver.StreamRequestHandler):
    mailbox: Mailbox

    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline():
            command = line.split(b" ")[0].strip().decode("ascii", "replace").upper()
            answer = self._mail() if command == "DATA" else self.mailbox.answers.get(command, "250 ok")
            if not answer:
                return
            self._say(answer)

    def _mail(self) -> str:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        answer = self.mailbox.answers.get("DATA", "250 taken")
        if answer.startswith("250"):
            mail = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mailbox.mails.append(mail)
        return answer

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """A server on a free port of this machine."""
    mailbox = Mailbox()
    handler = type("Handler", (_Conversation,), {"mailbox": mailbox})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        mailbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield mailbox
        server.shutdown()
        thread.join()
