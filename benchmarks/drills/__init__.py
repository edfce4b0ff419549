"""Drills (`./govcn drill NAME`): what the platform does when something is taken away from it."""
