"""DATA: code lists, synonym lists and rule sets, one file each; `index.yaml` says where each comes from.

Read by `ckanext.govcn.catalog.codes` alone. docs/standards.md says how to add an edition.
"""
