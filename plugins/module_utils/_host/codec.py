# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""JSON without the price of importing ``json``, which is half of an observation's run time.

CPython's own accelerator does the work where it is as known (3.6 to 3.14), else ``json`` itself.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("dumps", "loads")


class _Context:
    """What the accelerator's scanner asks of a decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float

    def __init__(self) -> None:
        self.memo = {}  # type: t.Dict[str, str]


def _refuse(value):
    # type: (t.Any) -> t.Any
    raise TypeError("not a plain type: %s" % type(value).__name__)


def _fast():
    # type: () -> t.Tuple[t.Callable[[str], t.Any], t.Callable[[t.Any], str]]
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    scan = make_scanner(_Context())  # type: ignore[arg-type]
    encode = make_encoder(None, _refuse, encode_basestring_ascii, None, ": ", ", ", True, False, True)

    def fast_loads(text: str) -> "t.Any":
        text = text.strip(" \t\r\n")
        try:
            value, end = scan(text, 0)
        except (StopIteration, SystemError):  # it has no error to raise while json.decoder is not imported
            raise ValueError("no JSON value") from None
        if end != len(text):
            raise ValueError("more than one JSON value")
        return value

    def fast_dumps(value: "t.Any") -> str:
        return "".join(encode(value, 0))

    if fast_loads(fast_dumps({"a": [1, None, "\u00e9"]})) != {"a": [1, None, "\u00e9"]}:
        raise ValueError("the accelerator is not as expected")
    return fast_loads, fast_dumps


def _slow():
    # type: () -> t.Tuple[t.Callable[[str], t.Any], t.Callable[[t.Any], str]]
    import json

    return json.loads, lambda value: json.dumps(value, sort_keys=True)


try:
    loads, dumps = _fast()
except Exception:  # another interpreter, or a later one: whatever it is, json can do it
    loads, dumps = _slow()
