"""Mail over TLS, from the beginning or after STARTTLS; and what is said where it cannot be, before any password is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from checkpoints.alerts.delivery import Delivery, DeliveryError
from checkpoints.alerts.transports.smtp import Smtp, Tls
from tests.checkpoints.alerts.certificates import Certificate, certificate
from tests.checkpoints.alerts.peers import SMTP_PASSWORD, SMTP_USER, SmtpPeer, smtp_peer
from tests.checkpoints.alerts.samples import message

LOOPBACK = "127.0.0.1"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A certificate that this machine trusts, for as long as the test runs."""
    made = certificate(tmp_path, LOOPBACK)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))  # where OpenSSL looks
    return made


def channel(smtp: SmtpPeer, tls: Tls, user: str | None = SMTP_USER) -> Smtp:
    password = SecretStr(SMTP_PASSWORD) if user else None
    return Smtp("email", LOOPBACK, smtp.port, "sluice@example.com", ("team@example.com",), tls, user, password)


def refused(channel: Smtp) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel.deliver(Delivery("id", message()))
    assert SMTP_PASSWORD not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(("tls", "option"), [(Tls.STARTTLS, "tls_context"), (Tls.TLS, "ssl_context")])
def test_a_mail_arrives_over_tls(trusted: Certificate, tls: Tls, option: str) -> None:
    with smtp_peer(**{option: trusted.server_context(), "auth_require_tls": tls is Tls.STARTTLS}) as smtp:
        channel(smtp, tls).deliver(Delivery("id", message()))
        assert [mail["Message-ID"] for mail in smtp.mails] == ["<id@example.com>"]
        assert (smtp.secured, smtp.logins) == ([True], [SMTP_USER])


@pytest.mark.parametrize(("tls", "option"), [(Tls.STARTTLS, "tls_context"), (Tls.TLS, "ssl_context")])
def test_a_certificate_that_nobody_trusts_is_given_no_password(tmp_path: Path, tls: Tls, option: str) -> None:
    made = certificate(tmp_path, LOOPBACK)
    with smtp_peer(**{option: made.server_context()}) as smtp:
        problem = refused(channel(smtp, tls))
        assert "has no certificate that can be trusted: self-signed certificate" in str(problem)
        assert problem.transient
        assert (smtp.mails, smtp.logins) == ([], [])


@pytest.mark.parametrize(("tls", "option"), [(Tls.STARTTLS, "tls_context"), (Tls.TLS, "ssl_context")])
def test_a_certificate_of_another_server_is_given_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: Tls, option: str
) -> None:
    other = certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
    with smtp_peer(**{option: other.server_context()}) as smtp:
        assert "IP address mismatch" in str(refused(channel(smtp, tls)))
        assert (smtp.mails, smtp.logins) == ([], [])


def test_a_server_without_starttls_is_given_no_password() -> None:
    with smtp_peer() as smtp:
        problem = refused(channel(smtp, Tls.STARTTLS))
        assert "offers no STARTTLS: SLUICE_SMTP_TLS (`tls:`) is tls for a server" in str(problem)
        assert not problem.transient
        assert (smtp.mails, smtp.logins) == ([], [])


def test_a_server_that_wants_starttls_says_how_it_is_set(trusted: Certificate) -> None:
    with smtp_peer(tls_context=trusted.server_context(), require_starttls=True) as smtp:
        assert "; it wants STARTTLS: set SLUICE_SMTP_TLS (`tls:`) to starttls" in str(
            refused(channel(smtp, Tls.NONE, None))
        )


def test_a_server_that_wants_a_login_says_how_it_is_set() -> None:
    with smtp_peer() as smtp:
        problem = refused(channel(smtp, Tls.NONE, None))
        assert "; it asks for a login: set SLUICE_SMTP_USER (`user:`) and SLUICE_SMTP_PASSWORD" in str(problem)
        assert not problem.transient


def test_a_server_that_takes_logins_only_over_tls_says_where_to_look(trusted: Certificate) -> None:
    with smtp_peer(tls_context=trusted.server_context(), auth_require_tls=True, auth_required=False) as smtp:
        problem = refused(channel(smtp, Tls.NONE))
        assert "offers no login, perhaps only over STARTTLS: see SLUICE_SMTP_TLS" in str(problem)
        assert smtp.logins == []
