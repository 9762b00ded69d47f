"""Setting up on a strange machine: what is missing is said in a sentence, by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mutasi.settings import PROJECT


def setup(tmp_path: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up with `python` as the only interpreter to be found."""
    tools = tmp_path / "bin"
    tools.mkdir()
    interpreter = tools / "python3"
    interpreter.write_text(python, encoding="utf-8")
    interpreter.chmod(0o755)
    for tool in ("bash", "rm", "touch", "env"):
        found = next(Path(folder) / tool for folder in os.defpath.split(":") if (Path(folder) / tool).exists())
        (tools / tool).symlink_to(found)
    command = ["bash", str(PROJECT / "setup.sh"), str(tmp_path / "venv")]
    return subprocess.run(command, cwd=PROJECT, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)


def test_a_machine_without_a_fitting_python_says_which_are_needed(tmp_path):
    done = setup(tmp_path, "#!/usr/bin/env bash\nexit 1\n")
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13 and found none" in done.stderr


@pytest.mark.parametrize("version", [(3, 10, 99), (3, 14, 0)])
def test_an_interpreter_that_is_too_old_or_too_new_is_not_taken(version, tmp_path):
    pretended = f"import sys; sys.version_info = {version}; exec(sys.argv[1])"
    done = setup(tmp_path, f'#!/usr/bin/env bash\n[ "$1" = -c ] && exec {sys.executable} -c "{pretended}" "$2"\nexit 1\n')
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13 and found none" in done.stderr


def test_a_missing_venv_module_names_the_package(tmp_path):
    wrapper = f'#!/usr/bin/env bash\n[ "$1" = -m ] && exit 1\nexec {sys.executable} "$@"\n'
    done = setup(tmp_path, wrapper)
    assert done.returncode == 1
    assert f"apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.stderr


def test_requirements_are_pinned_for_all_interpreters_and_name_no_address():
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith(("#", " "))]
    assert len(pins) > 150 and all("==" in line for line in pins)
    assert not [line for line in lines if "://" in line or line.startswith("--")]
    assert any("python_full_version" in line for line in pins), "compiled for one interpreter only"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_interpreter_that_is_here_reads_the_code(version, tmp_path):
    managed = [str(path) for path in Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    candidates = [path for path in (shutil.which(f"python{version}"), *managed) if path]
    # A version manager also puts names on the path behind which there is nothing.
    works = (c for c in candidates if not subprocess.run([c, "--version"], capture_output=True, check=False).returncode)
    python = next(works, None)
    if python is None:
        pytest.skip(f"python{version} is not on this machine")
    command = [python, "-W", "error", "-m", "compileall", "-q", "plugins", "dags", ".ci"]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    read = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stdout + read.stderr


def test_compiled_code_is_kept_below_the_home(tmp_path):
    """Beside the installed package nobody may be allowed to write, and a read-only container compiles at every start."""
    code = "import mutasi.recommend.core, numba; print(numba.config.CACHE_DIR)"
    shared = ("NUMBA_CACHE_DIR", "MUTASI_CACHE")
    environment = {key: value for key, value in os.environ.items() if key not in shared} | {"MUTASI_HOME": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert Path(said.stdout.strip()).is_relative_to(tmp_path)


@pytest.mark.parametrize("target", ["run", "test", "up", "bench", "lint", "docs"])
def test_make_help_lists_the_targets(target):
    shown = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert f"make {target} " in shown
