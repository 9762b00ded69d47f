"""Where the library meets Airflow: dates, connections, retries, notices and assets."""
