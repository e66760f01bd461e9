"""No test is timed: on a busy machine a property takes as long as it takes."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
