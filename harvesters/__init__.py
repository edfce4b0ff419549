"""目录归集: source → record → entry. Pure, but for the adapters `portal`, `files`, `plugin` and `cli`."""
