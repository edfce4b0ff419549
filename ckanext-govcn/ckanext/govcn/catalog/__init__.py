"""目录条目: the catalogue entry, its codes, identifiers, levels and checks. Pure: no CKAN, no database, no network."""
