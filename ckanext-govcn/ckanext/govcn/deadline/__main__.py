"""`python -m ckanext.govcn.deadline table|due`: needs no CKAN and no running platform."""

from ckanext.govcn.deadline.cli import deadline

deadline(prog_name="govcn deadline")
