"""`python -m py_secure_ci`."""

import sys

from py_secure_ci.cli import main

if __name__ == "__main__":
    sys.exit(main())
