"""搜索: what is indexed of a dataset, and how a query in Chinese is understood and answered.

PURE: `fields` (dataset → Solr document), `query` (text → Solr parameters), `pinyin`.
Adapters: `package_query` (CKAN's query class), `plugin` (wiring).
"""
