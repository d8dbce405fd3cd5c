"""Mail by SMTP: every copy of a delivery has one Message-ID, and a thread's mails refer to its first."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum

from pydantic import SecretStr

from checkpoints.alerts.delivery import NO_UPDATES, Delivery, DeliveryError, Receipt
from checkpoints.alerts.formats import email
from checkpoints.alerts.formats.wording import one_line
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.transports.attempt import Cut, attempt, unanswered
from expectations.suite import Severity
from gx.redaction import redact

_LONGEST_REFERENCE = 900
_TLS = "SLUICE_SMTP_TLS (`tls:`)"
_LOGIN = "SLUICE_SMTP_USER (`user:`) and SLUICE_SMTP_PASSWORD (`password_from:`)"


class Tls(StrEnum):
    """How the connection is kept secret."""

    STARTTLS = "starttls"
    """It begins in the clear and changes over (port 587)."""
    TLS = "tls"
    """From the beginning (port 465)."""
    NONE = "none"
    """Not at all: a relay on the same machine."""


@dataclass(frozen=True)
class Smtp:
    """A server and whom to write to through it."""

    name: str
    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    tls: Tls = Tls.STARTTLS
    user: str | None = None
    password: SecretStr | None = None

    def deliver(self, delivery: Delivery) -> Receipt:
        """Write it. An update of what was told already is not sent: it would be one more mail.

        Raises:
            DeliveryError: it did not arrive with every recipient, or nobody knows.
        """
        if delivery.message.kind is MessageKind.UPDATE and delivery.thread_ref:
            return Receipt(unsent=NO_UPDATES)
        mail = compose(delivery, self.sender, self.recipients)
        with Cut(delivery.timeout_seconds) as cut:
            sending = _Sending(self, mail, cut, delivery.timeout_seconds)
            attempt(sending.send, sending.told)
        return Receipt(delivery.thread_ref or mail["Message-ID"])


def compose(delivery: Delivery, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """The mail, the same in every attempt."""
    message = delivery.message
    rendered = email.render(message)
    mail = EmailMessage()
    mail["From"] = Address("sluice", addr_spec=sender)
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{delivery.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if delivery.thread_ref and len(delivery.thread_ref) <= _LONGEST_REFERENCE:
        mail["In-Reply-To"] = mail["References"] = delivery.thread_ref
    if message.severity is Severity.CRITICAL and message.kind not in (MessageKind.RESOLVED, MessageKind.TEST):
        mail["Importance"] = "high"
    mail.set_content(rendered.text)
    mail.add_alternative(rendered.html, subtype="html")
    return mail


class _Sending:
    """One attempt, and how far it came."""

    def __init__(self, to: Smtp, mail: EmailMessage, cut: Cut, seconds: float) -> None:
        self._to, self._mail, self._cut, self._seconds = to, mail, cut, seconds
        self._who = f"the mail server {to.host}:{to.port}"
        self._handed_over = False

    def send(self) -> None:
        to = self._to
        client: smtplib.SMTP
        context = ssl.create_default_context()
        if to.tls is Tls.TLS:
            client = _WatchedTls(self._cut, timeout=self._seconds, context=context)
        else:
            client = _Watched(to.host, self._cut, timeout=self._seconds)
        try:
            client.connect(to.host, to.port)
            if to.tls is Tls.STARTTLS:
                client.starttls(context=context)
            if to.user is not None:
                client.login(to.user, to.password.get_secret_value() if to.password else "")
            self._hand_over(client)
            client.close()
        finally:
            client.close()

    def _hand_over(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        code, answer = client.mail(self._to.sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, answer, self._to.sender)
        replies = {recipient: client.rcpt(recipient) for recipient in self._to.recipients}
        refused = {recipient: reply for recipient, reply in replies.items() if reply[0] not in (250, 251)}
        if len(refused) < len(replies):
            content = self._mail.as_bytes(policy=self._mail.policy.clone(linesep="\r\n"))
            self._handed_over = True
            code, answer = client.data(content)
            if code != 250:
                self._handed_over = False  # it says so itself
                raise smtplib.SMTPDataError(code, answer)
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)

    def told(self, error: Exception) -> DeliveryError:
        if self._cut.over:
            return unanswered(self._who, TimeoutError(), self._seconds, maybe_sent=self._handed_over)
        match error:
            case smtplib.SMTPRecipientsRefused():
                names = ", ".join(error.recipients)
                code, answer = min(error.recipients.values())  # one that may be tried again makes all so
                return self._refused(code, answer, f" mail to {names}")
            case smtplib.SMTPAuthenticationError():
                return self._refused(error.smtp_code, error.smtp_error, " the user or the password")
            case smtplib.SMTPResponseException():
                return self._refused(error.smtp_code, error.smtp_error, "")
            case smtplib.SMTPNotSupportedError():
                return DeliveryError(f"{self._who} offers no {self._not_offered()}", transient=False)
            case ssl.SSLCertVerificationError():
                return DeliveryError(
                    f"{self._who} has no certificate that can be trusted: {error.verify_message}", transient=True
                )
            case UnicodeError() | ValueError():
                return DeliveryError(f"{self._who}: an address is not plain ASCII, or no address", transient=False)
            case _:
                return unanswered(self._who, error, self._seconds, maybe_sent=self._handed_over)

    def _not_offered(self) -> str:
        if self._to.tls is Tls.STARTTLS:
            return f"STARTTLS: {_TLS} is tls for a server that is secure from the beginning, none for one that is not"
        return f"login{f', perhaps only over STARTTLS: see {_TLS}' if self._to.tls is Tls.NONE else ''}"

    def _wanted(self, code: int, text: str) -> str:
        """What a server that wants more than it got can be given (RFC 4954, 6; RFC 3207, 4)."""
        if code != 530:
            return ""
        if "STARTTLS" in text.upper() and self._to.tls is Tls.NONE:
            return f"; it wants STARTTLS: set {_TLS} to starttls"
        return f"; it asks for a login: set {_LOGIN}" if self._to.user is None else ""

    def _refused(self, code: int, answer: bytes | str, what: str) -> DeliveryError:
        text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
        secrets = (self._to.password.get_secret_value(),) if self._to.password else ()
        # 4xx means later, 5xx never (RFC 5321, 4.2.1).
        return DeliveryError(
            f"{self._who} refused{what or ' it'} ({code} {one_line(redact(text, secrets), 150)})"
            f"{self._wanted(code, text)}",
            transient=400 <= code < 500,
            maybe_sent=self._handed_over,
        )


class _Watched(smtplib.SMTP):
    """A client whose connection is cut when time is up, even while the server greets."""

    def __init__(self, host: str, cut: Cut, *, timeout: float) -> None:
        self._cut = cut
        super().__init__(timeout=timeout)
        # STARTTLS checks the certificate against this name, which `connect` does not set.
        self._host = host

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._cut.watch(connection)
        return connection


class _WatchedTls(smtplib.SMTP_SSL):
    """The same with TLS from the beginning."""

    def __init__(self, cut: Cut, *, timeout: float, context: ssl.SSLContext) -> None:
        self._cut = cut
        super().__init__(timeout=timeout, context=context)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = socket.create_connection((host, port), timeout)
        self._cut.watch(connection)
        return self.context.wrap_socket(connection, server_hostname=host)
