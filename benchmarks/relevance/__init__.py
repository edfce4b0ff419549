"""The public scoreboard of the search: records, systems, queries, judgements, measures.

`records` reads catalogue lists of any dialect, `systems` are the plain baselines and ours, `measures` and `trec` are
pure, `solr` starts a Solr of its own for the run.
"""
