"""What demote starts as a metric server: hands its standard streams over to the Python that waits for them, and stays
until that has no more use for them. It imports little, so that it starts at once."""
import array
import os
import socket
import sys

VARIABLE = "DEMOTE_PYTHON_METRIC"  # where that Python waits: a Unix socket


def main() -> None:
    path = os.environ.get(VARIABLE)
    if not path:
        sys.exit("the Python that has this metric is gone: call demote from it again")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        try:
            link.connect(path)
        except OSError:
            sys.exit("the Python that has this metric does not answer: call demote from it again")
        link.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1]))])
        os.close(0)
        os.close(1)
        link.recv(1)


if __name__ == "__main__":
    main()
