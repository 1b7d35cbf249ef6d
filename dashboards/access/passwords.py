"""Passwords as Argon2id hashes; a failure takes as long whether the account exists or not."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# NIST SP 800-63B-4, 3.1.1.2: 15 characters where the password is the only factor; no rules of
# composition. The upper bound keeps a request from costing more than a hash should.
SHORTEST, LONGEST = 15, 256

# RFC 9106, the second recommended option (64 MiB, 3 passes), which are the library's defaults.
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """Return the hash of a password, its salt and parameters included."""
    return _HASHER.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Say whether the password is the one that was hashed; ``None`` stands for no account.

    Takes some 50 ms of a processor either way.
    """
    try:
        return _HASHER.verify(stored or _nobodys(), password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Say whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def faults_of(password: str, account: str) -> list[str]:
    """Return what is wrong with a new password; nothing if it will do."""
    faults = []
    if not SHORTEST <= len(password) <= LONGEST:
        faults.append(f"a password has {SHORTEST} to {LONGEST} characters")
    if len(set(password)) < 5:
        faults.append("a password has at least 5 different characters")
    if account.lower() in password.lower():
        faults.append("a password does not contain its account")
    return faults


def generated() -> str:
    """Return a password that nobody guesses: 120 random bits in groups that can be read out."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(5))


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex(16))
