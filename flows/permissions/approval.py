"""Whether the owner of what a pull request touches has agreed to it, by GitHub's own record of its reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from flows.permissions.review import Finding
from gx.errors import ConfigError

_DECIDES = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
"""A comment changes nothing about an approval."""


class _User(BaseModel):
    model_config = ConfigDict(extra="ignore")
    login: str


class Review(BaseModel):
    """One entry of ``GET /repos/{owner}/{repo}/pulls/{number}/reviews``, oldest first."""

    model_config = ConfigDict(extra="ignore")
    user: _User | None = None
    state: str
    commit_id: str | None = None


@dataclass(frozen=True)
class Approval:
    """What is to be said about one account's findings.

    Attributes:
        by: who agreed; None when nobody did who may.
        problem: what is missing then.
    """

    account: str
    by: str | None
    problem: str = ""


def read_reviews(file: Path) -> list[Review]:
    """Reviews as GitHub's API gives them: one list, or with ``--paginate --slurp`` a list of pages.

    Raises:
        ConfigError: the file is something else.
    """
    try:
        content = file.read_bytes()
        pages = TypeAdapter(list[list[Review]] | list[Review]).validate_json(content)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from None
    except ValidationError:
        raise ConfigError("these are no reviews as GitHub's API gives them", file=file) from None
    return [review for page in pages for review in (page if isinstance(page, list) else [page])]


def approvals(
    findings: Sequence[Finding], reviews: Sequence[Review], *, head: str, author: str | None
) -> list[Approval]:
    """Whether each account that was touched has somebody's agreement who may give it.

    Args:
        findings: of the pull request's change.
        reviews: of the pull request, oldest first.
        head: the commit that is asked about; what was approved before it was pushed does not count.
        author: who wrote it. An owner's own change has its owner's agreement; GitHub lets nobody approve his own.
    """
    last: dict[str, Review] = {}
    for review in reviews:
        if review.user is not None and review.state in _DECIDES:
            last[review.user.login.lower()] = review
    found = []
    for account in dict.fromkeys(finding.account for finding in findings):
        one = next(finding for finding in findings if finding.account == account)
        agreed = [login for login in one.approvers if _agrees(last.get(login.lower()), head) or _same(login, author)]
        if agreed:
            found.append(Approval(account, agreed[0]))
        elif not one.approvers:
            problem = f"nobody may approve it: name its `approvers` in the registry (its owner is {one.owner})"
            found.append(Approval(account, None, problem))
        else:
            who = " or ".join(f"@{login}" for login in one.approvers)
            found.append(Approval(account, None, f"{who} has to approve {head[:12]}"))
    return found


def _agrees(review: Review | None, head: str) -> bool:
    return review is not None and review.state == "APPROVED" and review.commit_id == head


def _same(login: str, author: str | None) -> bool:
    return author is not None and login.lower() == author.lower()
