"""``make alerts-soak``: the soak at length, printed and written to docs/benchmarks/alerts.md."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import warnings
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from flows.clock import utc_now
from tests.checkpoints.alerts.soaking import CHANCES, ROOT, Outcome, soak


def page(outcome: Outcome, arguments: argparse.Namespace, when: datetime) -> str:
    """docs/benchmarks/alerts.md."""
    faults = ", ".join(f"{fault.value} {share:.0%}" for fault, share in CHANCES.items())
    return _PAGE.format(
        when=when,
        sluice=version("sluice"),
        python=platform.python_version(),
        slack=version("slack-sdk"),
        pagerduty=version("pagerduty"),
        cores=os.cpu_count(),
        seed=arguments.seed,
        seconds=outcome.seconds,
        alerts=outcome.alerts,
        rate=arguments.per_second,
        kills=outcome.kills,
        faults=faults,
        changed=outcome.verdicts_changed,
        median=outcome.median,
        p95=outcome.waits[int(len(outcome.waits) * 0.95)],
        worst=outcome.waits[-1],
        left=outcome.left_open,
        rows="\n".join(
            f"| {row.channel} | {row.sent:,} | {row.attempts:,} | {row.delivered:,} | {row.copies:,} | "
            f"{row.doubled:,} | {row.lost:,} |"
            for row in outcome.rows
        ),
    )


_PAGE = """\
# Alerts under faults

Written by `make alerts-soak` on {when:%Y-%m-%d}: sluice {sluice}, Python {python}, slack-sdk {slack}, pagerduty
{pagerduty}, {cores} cores shared with other work, seed {seed}, {seconds:.0f} s.

{alerts:,} runs failed, at most {rate:g} a second, each with an alert for two of five channels. Two processes sent them;
{kills} times one was killed with -9 and another took its place. The receivers are real protocol servers on loopback
(HTTP and SMTP) that misbehaved by chance: {faults} of the requests.

| Channel | Sent | Attempts | Delivered | Copies received | Doubled after dedup | Lost |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

- Verdicts or gates changed: {changed} of {alerts:,}.
- From a run's verdict to the arrival of its alert: {median:.2f} s at the median, {p95:.1f} s at the 95th percentile,
  {worst:.1f} s at worst. The target is under 5 s at the median.
- Incidents still open at the pager after all of it was over and resolved: {left}.

*Copies received* counts what a receiver took, also where its answer was lost and the message was sent again.
*Doubled after dedup* counts what is left after the receiver knew the copies: the Slack bot looks for its message before
it sends it again; PagerDuty knows copies by the incident's key, mail by the Message-ID, webhooks by the delivery's id.
A Slack *webhook* can do none of that: there a copy is seen twice, with the same id in its metadata, by which its row
counts. Whom that disturbs uses the bot.
"""


def main() -> None:
    """Soak, print what came of it, and write the page."""
    warnings.filterwarnings("ignore", category=UserWarning, module="aiosmtpd")  # a password without TLS, on loopback
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--per-second", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--no-page", action="store_true", help="print only")
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="sluice-alerts-soak-"))
    try:
        outcome = soak(
            directory,
            alerts=arguments.alerts,
            kills=arguments.kills,
            per_second=arguments.per_second,
            seed=arguments.seed,
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    text = page(outcome, arguments, utc_now())
    sys.stdout.write(text)
    if not arguments.no_page:
        (ROOT / "docs" / "benchmarks" / "alerts.md").write_text(text, encoding="utf-8")
    failed = outcome.verdicts_changed or any(row.lost or row.doubled for row in outcome.rows)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
