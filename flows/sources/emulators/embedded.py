"""Both embedded sources, started side by side and stopped together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from flows.child import ChildServer
from flows.sources.errors import EmulatorError

EMULATOR_API_KEY = "sk_test_embedded_sluice"
"""Any key that begins with `sk_` opens the emulator; it is no secret."""

_START_SECONDS = 60.0
# Seeding at scale 1000 copies 44 million rows: about 2 minutes on 2 cores.
_SECONDS_PER_SCALE = 1.0


@dataclass(frozen=True)
class StripeControl:
    """What can be done to the emulated Stripe that cannot be done to the real one."""

    api_base: str

    def move_to(self, state: str) -> None:
        """Put every object in its `first` (as first synced) or `latest` state."""
        self._post("state", {"state": state})

    def stall(self, list_name: str, times: int = 1) -> None:
        """Leave the next so many requests of one list (`charges`, `plans`, ...) without an answer."""
        self._post("stall", {"list": list_name, "times": str(times)})

    def _post(self, action: str, form: dict[str, str]) -> None:
        try:
            httpx.post(f"{self.api_base}/_config/{action}", data=form, timeout=10).raise_for_status()
        except httpx.HTTPError as error:
            raise EmulatorError(f"the embedded Stripe did not take {action} {form}: {error}", source="stripe") from None


@dataclass(frozen=True)
class EmbeddedSources:
    """Where the running embedded sources are."""

    stripe_api_base: str
    stripe_api_key: SecretStr
    postgres_url: SecretStr
    stripe_control: StripeControl
    seed: int
    scale: int


@contextmanager
def embedded_sources(
    state_dir: Path, *, seed: int = 0, scale: int = 1, faulty: bool = False
) -> Iterator[EmbeddedSources]:
    """Run the embedded Stripe and PostgreSQL for the length of the `with` block.

    Args:
        state_dir: where PostgreSQL keeps its data (seeded once for each seed and scale) and both their logs.
            One run at a time can use it.
        seed: of the generator; 0 and up.
        scale: how many times the rows of scale 1 PostgreSQL holds; 1 and up.
        faulty: Stripe starts in the state that the first sync saw, for the replay of the faulty sync.

    Raises:
        EmulatorError: a server did not come up; the message has the tail of its log.
    """
    if seed < 0 or scale < 1:
        raise ValueError(f"the seed is 0 and up and the scale 1 and up, not seed {seed} and scale {scale}")
    directory = state_dir.resolve() / "sources"
    with ExitStack() as servers:
        stripe_arguments = ["--seed", str(seed), *(["--faulty"] if faulty else [])]
        postgres_arguments = [
            "--data-dir",
            str(directory / "postgres"),
            "--seed",
            str(seed),
            "--scale",
            str(scale),
        ]
        postgres = servers.enter_context(
            ChildServer("postgres", "flows.sources.emulators.postgres", postgres_arguments, directory)
        )
        stripe = servers.enter_context(
            ChildServer("stripe", "flows.sources.emulators.stripe", stripe_arguments, directory)
        )
        api_base = stripe.wait_ready(_START_SECONDS)
        url = postgres.wait_ready(_START_SECONDS + _SECONDS_PER_SCALE * scale)
        yield EmbeddedSources(
            stripe_api_base=api_base,
            stripe_api_key=SecretStr(EMULATOR_API_KEY),
            postgres_url=SecretStr(url),
            stripe_control=StripeControl(api_base),
            seed=seed,
            scale=scale,
        )
