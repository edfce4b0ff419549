"""Pictures of the 21 领域, by code of table `theme` (names of Font Awesome, which CKAN ships). PURE."""

from __future__ import annotations

ICONS = {
    "1": "fa-award",
    "2": "fa-heart-pulse",
    "3": "fa-briefcase",
    "4": "fa-shield-halved",
    "5": "fa-building",
    "6": "fa-bus",
    "7": "fa-graduation-cap",
    "8": "fa-microscope",
    "9": "fa-bolt",
    "10": "fa-leaf",
    "11": "fa-tractor",
    "12": "fa-store",
    "13": "fa-coins",
    "14": "fa-helmet-safety",
    "15": "fa-scale-balanced",
    "16": "fa-hand-holding-heart",
    "17": "fa-gavel",
    "18": "fa-house-chimney",
    "19": "fa-cloud-sun-rain",
    "20": "fa-map-location-dot",
    "21": "fa-landmark",
}


def icon_of(code: str) -> str:
    """Style class of a theme's picture."""
    return ICONS.get(code, "fa-folder-open")
