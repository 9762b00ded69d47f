"""What a night costs beside the least that DuckDB needs for the same marts (`make bench`)."""
