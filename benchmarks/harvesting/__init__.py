"""The parts of `./govcn bench harvest`: records, the portal they are read from, and who harvests them.

`records` catalogue records as datasets of a CKAN portal · `server` that portal's API on the loopback · `sites` the
platforms that are harvested into · `driver_ours`, `driver_stock` what runs inside them, one process each · `usage`
memory and processor time of processes.
"""
