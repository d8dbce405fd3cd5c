"""Bring the front page of Data Docs up to date when gates change and nothing was checked."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime

from checkpoints.layers import project_checkpoints
from checkpoints.ledger import Ledger
from flows.importing import importing_for_good
from gx.docs.address import site_address
from gx.errors import SluiceError
from gx.masking import mask_error
from gx.settings import Settings


def tell_gates(settings: Settings, ledger: Ledger) -> str | None:
    """Show how the gates stand now; why that was impossible, if it was. Nothing to do where nothing was published."""
    try:
        if not site_address(settings.project, settings.state_dir, os.environ).published:
            return None
        with importing_for_good(), redirect_stdout(sys.stderr):
            from checkpoints.standing import standing  # noqa: PLC0415 - GX takes seconds to import
            from gx.context import open_context  # noqa: PLC0415
            from gx.docs import publish  # noqa: PLC0415

            now = standing(ledger, project_checkpoints(settings), datetime.now(UTC))
            publish(open_context(settings.project, settings.state_dir), (), standing=now)
    except SluiceError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the gate has changed already; a page does not undo that
        return mask_error(f"{type(error).__name__}: {error}")
    return None
