# One image for every part of Airflow: the pinned packages, the code, and nothing that may be written to.
ARG BASE=python:3.12-slim-bookworm
FROM ${BASE}
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 AIRFLOW_HOME=/opt/airflow HOME=/opt/airflow MUTASI_PROJECT=/opt/mutasi \
    MUTASI_HOME=/var/lib/mutasi NUMBA_CACHE_DIR=/var/lib/mutasi/numba PATH=/opt/venv/bin:$PATH
# tini reaps what tasks leave behind, curl asks for health, pango draws the PDF extracts.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl tini python3-venv libpango-1.0-0 libpangoft2-1.0-0 \
       libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd -u 50000 -g 0 -d /opt/airflow -m airflow \
    && install -d -o 50000 -g 0 -m 0700 /var/lib/mutasi \
    && install -d -o 50000 -g 0 -m 0770 /opt/airflow/logs
COPY requirements-team.txt /tmp/
RUN python3 -m venv /opt/venv && /opt/venv/bin/python -m pip install --quiet --no-cache-dir uv \
    && VIRTUAL_ENV=/opt/venv /opt/venv/bin/uv pip install --quiet --no-cache --compile-bytecode -r /tmp/requirements-team.txt
COPY .ci/licences.py .ci/licences.toml /tmp/
# No package without a judged licence; and pins that fit each other on paper are loaded once before anybody relies on them.
RUN /opt/venv/bin/python /tmp/licences.py /tmp/requirements-team.txt \
    && AIRFLOW_HOME=/tmp/airflow /opt/venv/bin/python -c 'import airflow.providers.celery.executors.celery_executor, airflow.providers.fab.auth_manager.fab_auth_manager, statsd' \
    && rm -rf /tmp/airflow
COPY pyproject.toml README.md LICENSE /opt/mutasi/
COPY plugins /opt/mutasi/plugins
COPY dags /opt/mutasi/dags
COPY dbt_project /opt/mutasi/dbt_project
COPY expectations /opt/mutasi/expectations
COPY docs /opt/mutasi/docs
RUN VIRTUAL_ENV=/opt/venv /opt/venv/bin/uv pip install --quiet --no-cache --no-deps --editable /opt/mutasi \
    && python3 -m compileall -q /opt/mutasi/plugins /opt/mutasi/dags
USER 50000:0
WORKDIR /opt/mutasi
ENTRYPOINT ["tini", "--", "airflow"]
CMD ["version"]
