"""Airflow's execution API in its newest version alone, which its own tasks speak: all ten take every process five seconds to make.

Imported before Airflow makes the API for `dag.test()`. A scheduler's own processes make all of them, as always.
"""

from airflow.api_fastapi.execution_api import versions
from airflow.api_fastapi.execution_api.routes import execution_api_router
from cadwyn import HeadVersion, Version, VersionBundle
from cadwyn.route_generation import _DELETED_ROUTE_TAG

versions.bundle = VersionBundle(HeadVersion(), Version(versions.bundle.versions[0].value))
routes = execution_api_router.routes
routes[:] = [route for route in routes if _DELETED_ROUTE_TAG not in getattr(route, "tags", [])]  # those of older versions
