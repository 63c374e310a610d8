# SPDX-License-Identifier: Apache-2.0
"""What the operating system said when a call failed."""


def errno_of(error):
    """The errno at the bottom of a chain of exceptions, or None.

    requests wraps urllib3, which wraps the OSError of connect(2), partly by
    chaining and partly by argument.
    """
    seen = set()
    todo = [error]
    while todo:
        one = todo.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, OSError) and isinstance(one.errno, int):
            return one.errno
        todo += [one.__cause__, one.__context__, getattr(one, "reason", None)]
        todo += one.args
    return None
