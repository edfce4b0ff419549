"""The channel mail: by CKAN's `smtp.*` settings, with time-outs that CKAN's own mailer has not."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import urlsplit

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.govcn.notice import outbox
from ckanext.govcn.notice.delivery import Message
from ckanext.govcn.notice.exceptions import NotDelivered

SECONDS = 20  # for each answer of the mail server
_PORT = 25


class Mail:
    """Sends a notice to one user, unless he has turned mail off, has no address or is gone."""

    def send(self, message: Message, now: datetime) -> bool:
        user = model.User.get(message.target)
        wanted = user is not None and user.state == "active" and outbox.wants_mail(model.Session, message.target)
        if user is None or not wanted or not user.email:
            return False
        mail = _written(message, formataddr((user.fullname or user.name, user.email)), now)
        recipient = user.email
        model.Session.commit()  # nothing is held while the mail server is waited for
        try:
            _sent(mail, recipient)
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(*_answered(error.smtp_code), transient=error.smtp_code < 500) from error
        except smtplib.SMTPRecipientsRefused as error:
            code = next((code for code, _ in error.recipients.values()), 550)
            raise NotDelivered(*_answered(code), transient=code < 500) from error
        except ssl.SSLError as error:
            raise NotDelivered("邮件服务器的证书未通过校验", "The mail server's certificate is not valid") from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(
                "邮件服务器连接失败或超时", "No connection to the mail server, or no answer in time"
            ) from error
        return True


def _answered(code: int) -> tuple[str, str]:
    return f"邮件服务器拒收（{code}）", f"The mail server refused it ({code})"


def _setting(name: str) -> str:
    return str(tk.config.get(f"smtp.{name}") or "")


def _written(message: Message, to: str, now: datetime) -> EmailMessage:
    texts = message.texts
    mail = EmailMessage()
    mail["Subject"] = texts.title_zh
    mail["From"] = formataddr((str(tk.config.get("ckan.site_title") or ""), _setting("mail_from")))
    mail["To"] = to
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.key}@{urlsplit(str(tk.config.get('ckan.site_url'))).hostname or 'govcn'}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody answers it automatically
    if reply_to := _setting("reply_to"):
        mail["Reply-To"] = reply_to
    parts = [texts.title_zh, texts.body_zh, message.link, "", texts.title_en, texts.body_en]
    mail.set_content("\n".join(part for part in parts) + "\n", cte="base64")
    return mail


def _sent(mail: EmailMessage, recipient: str) -> None:
    split = urlsplit(f"//{_setting('server')}")
    server = smtplib.SMTP(split.hostname or "", split.port or _PORT, timeout=SECONDS)
    try:
        server.ehlo()
        if tk.asbool(_setting("starttls") or "false"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if user := _setting("user"):
            server.login(user, _setting("password"))
        refused: Any = server.sendmail(_setting("mail_from"), [recipient], mail.as_bytes())
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):  # what was accepted is sent, however it says goodbye
            server.quit()
