"""Vectorised building blocks of the generator: ids, names, amounts with an exact sum, hashed choices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]

_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)

_FIRST_NAMES = (
    "Ada Amir Anna Ben Bruno Carla Chloe Dario Elena Emil Farah Finn Grace Hana Hugo Ines Ivan Jade Jonas "
    "Kira Lena Liam Maya Milan Nora Omar Paula Quinn Rosa Sami Tara Uma Vera Will Yara Zoe"
)
_LAST_NAMES = (
    "Abbott Baker Castro Dubois Eriksen Fischer Garcia Haddad Ito Jensen Kowalski Lopez Moreau Novak Okafor "
    "Patel Quist Rossi Silva Tanaka Urban Vogel Weber Xu Young Zimmer"
)
FIRST_NAMES = _FIRST_NAMES.split()
LAST_NAMES = _LAST_NAMES.split()


def stripe_ids(rng: np.random.Generator, prefix: str, length: int, count: int) -> pa.StringArray:
    """`count` ids in Stripe's style: the prefix, then `length` letters and digits (62^length of them)."""
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    body = _ALPHABET[rng.integers(0, 62, size=(count, length), dtype=np.uint8)]
    chars = np.hstack([np.broadcast_to(head, (count, len(head))), body])
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(chars.shape[1])
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(chars)))


def seconds(epoch: Ints) -> pa.TimestampArray:
    """Epoch seconds as timestamps, UTC without a zone."""
    return pa.array(epoch * 1_000_000, pa.timestamp("us"))


def choose(options: Sequence[str], index: Ints) -> pa.StringArray:
    """The option at each index."""
    return pa.array(list(options), pa.string()).take(pa.array(index))


def constant(value: bool | int | str, count: int) -> pa.Array:
    """A column of one value."""
    return pa.repeat(pa.scalar(value), count)


def mixed(ids: Ints, seed: int, stream: int) -> npt.NDArray[np.uint64]:
    """A well mixed 64-bit number for each id: the finaliser of splitmix64 (Steele, Lea, Flood 2014).

    A pure function of its arguments, so that a child row finds its parent's columns without holding the
    parents.
    """
    with np.errstate(over="ignore"):
        z = ids.astype(np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03) % 2**64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))


def below(bound: int, ids: Ints, seed: int, stream: int) -> Ints:
    """For each id a number in [0, bound), by `mixed`."""
    numbers: Ints = (mixed(ids, seed, stream) % np.uint64(bound)).astype(np.int64)
    return numbers


def summing_to(rng: np.random.Generator, count: int, total: int, *, spread: float = 0.8) -> Ints:
    """`count` positive whole numbers, log-normally spread, that sum to exactly `total`.

    Args:
        rng: the source of randomness.
        count: how many; at most `total`.
        total: what they sum to.
        spread: sigma of the logarithm.
    """
    weights = rng.lognormal(0.0, spread, count)
    amounts: Ints = 1 + np.floor(weights / weights.sum() * (total - count)).astype(np.int64)
    # Flooring leaves fewer than `count` units over: one more for as many of them.
    amounts[: total - int(amounts.sum())] += 1
    return amounts
