"""`python -m py_secure_ci`."""

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until a run takes it: while modules load it must leave no traceback
    from py_secure_ci.cli import main

    sys.exit(main())
