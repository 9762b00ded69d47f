"""What docker-compose.yml promises: no secret inline, nothing that may be written but volumes, every variable explained."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from mutasi.settings import PROJECT

FILE = PROJECT / "docker-compose.yml"
COMPOSE = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if "mutasi/airflow" in s["image"]}
TEXT = "\n".join(line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#"))
VARIABLES = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
SECRETS = (PROJECT / "deploy" / "secrets.sh").read_text(encoding="utf-8")
DOCKER_COMPOSE = "MUTASI_DOCKER_COMPOSE"


def example() -> dict[str, str]:
    lines = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def names(service: dict) -> list[str]:
    return [s if isinstance(s, str) else s["source"] for s in service.get("secrets", [])]


def test_every_variable_is_explained_in_the_example_and_no_other() -> None:
    assert set(example()) == VARIABLES
    text = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    unexplained = [line for before, line in pairwise(text) if re.match(r"[A-Z_]+=", line) and not before]
    assert unexplained == []


def test_the_example_says_the_defaults() -> None:
    for name, value in example().items():
        defaults = set(re.findall(rf"\$\{{{name}(?::-([^}}]*))?\}}", TEXT))
        assert defaults == {value}, name


def test_no_secret_stands_in_the_file_or_the_example() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(
                r"PASSWORD|SECRET_KEY|FERNET|JWT|_CONN(?!ECTION)|_URL|TOKEN|BROKER|RESULT_BACKEND", key
            ) and not key.endswith("BASE_URL"):
                told = str(value)
                is_file = told.startswith(("cat /run/secrets/", "/run/secrets/")) or key.endswith("EXECUTION_API_SERVER_URL")
                assert is_file or key == "MARIADB_RANDOM_ROOT_PASSWORD", f"{name}: {key}"
    assert not re.search(r"://[^/\s:@$]+:[^@\s$]+@", TEXT)
    assert not [k for k in example() if re.search(r"PASSWORD|SECRET|KEY|TOKEN", k)]


def test_every_secret_is_declared_made_at_random_and_kept_out_of_git() -> None:
    for name, service in SERVICES.items():
        assert set(names(service)) <= set(COMPOSE["secrets"]), name
        runs_airflow = "airflow-init" not in name and "entrypoint" not in service
        looked = service if runs_airflow else {k: v for k, v in service.items() if k != "environment" or name not in OURS}
        read = set(re.findall(r"/run/secrets/([a-z_]+)(?![a-z_.])", str(looked)))
        assert read <= set(names(service)), name
    for declared in COMPOSE["secrets"].values():
        assert Path(declared["file"]).name in SECRETS
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").split()
    assert {"secrets/", ".env"} <= set(ignored)


def test_secrets_are_made_once_each_with_no_value_twice(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "deploy", tmp_path / "deploy")
    for _ in range(2):
        subprocess.run(["bash", tmp_path / "deploy" / "secrets.sh"], check=True, capture_output=True)
        made = {f.name: f.read_text() for f in (tmp_path / "secrets").iterdir()}
    first = dict(made)
    assert {Path(s["file"]).name for s in COMPOSE["secrets"].values()} <= set(made) and made == first
    random = [v for n, v in made.items() if not n.endswith("_url") and n != "connections.json"]
    assert len(set(random)) == len(random) and min(map(len, random)) >= 44
    assert all(made["airflow_db_password"] in made[n] for n in ("airflow_url", "celery_result_url"))
    assert {oct(f.stat().st_mode & 0o777) for f in (tmp_path / "secrets").iterdir()} == {"0o444"}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_containers_have_no_rights_and_write_to_volumes_alone(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == ("50000:0" if name in OURS else "999:999")
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    binds = [v for v in service.get("volumes", []) if v.startswith(".")]
    assert all(v.endswith(":ro") for v in binds)


def test_what_stays_up_says_whether_it_is_well() -> None:
    for name, service in SERVICES.items():
        if service["restart"] != "no":
            assert service.get("healthcheck"), name


def test_only_loopback_is_bound_until_somebody_says_otherwise() -> None:
    for service in SERVICES.values():
        assert all(re.match(r"\$\{[A-Z]+_BIND:-127\.0\.0\.1\}:", port) for port in service.get("ports", []))


def test_people_log_in_and_examples_are_off() -> None:
    settings = COMPOSE["x-airflow"]["environment"]
    assert "FabAuthManager" in settings["AIRFLOW__CORE__AUTH_MANAGER"] and settings["AIRFLOW__CORE__LOAD_EXAMPLES"] == "false"
    assert "ALL_ADMINS" not in TEXT


def served(service: dict) -> set[str]:
    return set(re.search(r"--queues (\S+)", service["command"])[1].split(","))


def test_of_the_workers_one_alone_writes_the_warehouse(dagbag) -> None:
    workers = {name: served(s) for name, s in SERVICES.items() if "celery worker" in str(s.get("command"))}
    assert workers == {"worker": {"default"}, "warehouse-worker": {"warehouse"}}
    assert all(SERVICES[name]["profiles"] == ["celery"] for name in workers)
    # Docker Compose refuses to scale a service that bears a name.
    assert "container_name" in SERVICES["warehouse-worker"] and "container_name" not in SERVICES["worker"]
    queues = {task.task_id: task.queue for dag in dagbag.dags.values() for task in dag.tasks}
    assert set(queues.values()) == set().union(*workers.values())
    assert {t.task_id for t in dagbag.dags["nightly_refresh"].tasks if t.queue == "warehouse"} == {"remember", "build", "publish"}
    here = {
        "freeze",
        "recommend",
        "verify",
        "extract",
        "publish",
        "deliver",
        "note",
    }  # they pass files below the home to each other
    assert {t.task_id for t in dagbag.dags["weekly_recommendations"].tasks if t.queue == "warehouse"} == here


def test_who_sends_tasks_and_who_takes_them_know_the_same_broker() -> None:
    known = {
        name: (
            service["environment"].get("AIRFLOW__CELERY__BROKER_URL_CMD"),
            service["environment"].get("AIRFLOW__CELERY__RESULT_BACKEND_CMD"),
        )
        for name, service in SERVICES.items()
        if service.get("command") == "scheduler" or "celery worker" in str(service.get("command"))
    }
    assert set(known) == {"scheduler", "worker", "warehouse-worker"}
    assert set(known.values()) == {("cat /run/secrets/redis_url", "cat /run/secrets/celery_result_url")}


def test_a_task_may_wait_all_night_for_a_worker_and_a_lost_message_is_soon_sent_again() -> None:
    environment = COMPOSE["x-airflow"]["environment"]
    seconds = int(environment.get("AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT", 600))
    patience = seconds * (1 + int(environment["AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES"]))
    assert seconds <= 900 and patience > 12 * 3600


def test_the_image_takes_the_same_pins_as_everybody() -> None:
    def pins(file: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for line in (PROJECT / file).read_text(encoding="utf-8").splitlines():
            if "==" in line and not line.startswith("#"):
                name, version = line.partition(" ;")[0].split("==")
                found.setdefault(name, set()).add(version.strip())
        return found

    ours, team = pins("requirements.txt"), pins("requirements-team.txt")
    assert {n for n in ours.keys() & team.keys() if ours[n] != team[n]} == set()
    assert "requirements-team.txt" in (PROJECT / "Dockerfile").read_text(encoding="utf-8")


def test_docker_compose_itself_accepts_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    given = os.environ.get(DOCKER_COMPOSE)
    command = [given] if given else [docker, "compose"] if docker else None
    if command is None or subprocess.run([*command, "version"], capture_output=True, check=False).returncode:
        pytest.skip(f"Docker Compose is not here (or name its binary in {DOCKER_COMPOSE})")
    shutil.copytree(PROJECT / "deploy", tmp_path / "deploy")
    for name in ("docker-compose.yml", ".env.example"):
        shutil.copy(PROJECT / name, tmp_path / name)
    shutil.copy(tmp_path / ".env.example", tmp_path / ".env")
    for profiles in ([], ["--profile", "celery"], ["--profile", "demo"]):
        ran = subprocess.run(
            [*command, *profiles, "config", "--quiet"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, "")
