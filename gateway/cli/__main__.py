"""`python -m gateway.cli`: the same as `clinicgate`. Nothing else may live here."""

import sys

from gateway.cli import main

sys.exit(main())
