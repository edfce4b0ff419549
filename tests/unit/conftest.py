"""Settings of all unit tests."""

from hypothesis import settings

# A busy machine is slow by turns, which says nothing of the code: no example has a deadline.
settings.register_profile("unit", deadline=None)
settings.load_profile("unit")
