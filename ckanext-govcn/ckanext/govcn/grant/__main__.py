"""`python -m ckanext.govcn.grant verify FILE --key KEY`: needs no CKAN and no running platform."""

from ckanext.govcn.grant.cli import receipt

receipt(prog_name="govcn receipt")
