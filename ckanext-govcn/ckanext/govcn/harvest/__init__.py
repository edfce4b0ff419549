"""目录归集 as the portal keeps it: the tables of sources, runs, records and problems, and the pages over them.

The engine that fills them is the distribution's other root, `harvesters`; it imports this package, never the other
way round. The tables live here because CKAN looks for a plugin's migrations below `ckanext/<name>/migration` only.
"""
