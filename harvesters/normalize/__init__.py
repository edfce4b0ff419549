"""From records of any dialect to catalogue entries: heading recognition, value readers, identity."""
