"""`python -m stripe_simulator`: the command `stripe-simulator`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
