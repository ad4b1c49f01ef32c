"""Who buys: names, and the addresses that belong to them."""

import unicodedata


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    "Anna Ben Carla David Elif Farid Greta Hugo Ines Jan Keiko Lena Milan Noor Olga Pablo Quynh Rosa Samuel Tomáš "
    "Ursula Viktor Wanda Xavi Yusuf Zoé Émile Björn Chloé Dara"
)
LAST = _words(
    "Adler Bianchi Costa Dubois Eriksen Fischer García Horvat Ito Jansen Kowalski Lindqvist Moreau Novák Okafor Petrov "
    "Quint Rossi Schmidt Tanaka Ueda Virtanen Weber Xu Yılmaz Zeman"
)
AT = ("@example.com", "@example.org", "@example.net")
"""Domains that nobody can have (https://www.rfc-editor.org/rfc/rfc2606)."""


def _plain(name: str) -> str:
    """Return a name as an e-mail address has it: lower case, without accents."""
    folded = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in folded if "a" <= letter <= "z")


NAMES = [f"{first} {last}" for first in FIRST for last in LAST]
MAILBOXES = [f"{_plain(first)}.{_plain(last)}." for first in FIRST for last in LAST]
"""The beginning of each name's address; the shopper's number follows."""
