"""`python -m harvesters preview SOURCE [--json] [--entries]`: needs no stack."""

import sys

from harvesters.preview import main

sys.exit(main())
