"""dbt in process, its inputs, and what is handed to readers."""
