"""`python -m harvesters preview SOURCE | propose FILE|URL [--json]`: needs no stack."""

import sys

from harvesters.preview import main

sys.exit(main())
