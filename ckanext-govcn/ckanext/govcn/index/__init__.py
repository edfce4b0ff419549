"""How the search index follows the database: triggers note what changed, an indexer follows. See docs/search.md."""
