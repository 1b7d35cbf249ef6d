"""``docker-compose.yml`` against what exists: the specification, commands, settings, ports."""

from __future__ import annotations

import copy
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml
from click.testing import CliRunner

from jushou.cli.main import app
from jushou.settings import Settings
from sinks.clickhouse.readers import PAGE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: service for name, service in SERVICES.items() if "jushou" in service["image"]}
LASTING = [name for name in SERVICES if name not in ("topics", "migrations")]
COMMAND = typer.main.get_command(app)
# Variables of the file that are no settings of the processes.
FOR_COMPOSE = {"JUSHOU_IMAGE", "JUSHOU_KAFKA_CLUSTER_ID"}


def test_the_file_is_valid_by_the_compose_specification() -> None:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    specification = json.loads(vendored.read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(specification)
    assert not list(validator.iter_errors(COMPOSE))
    wrong = copy.deepcopy(COMPOSE)
    wrong["services"]["sink"]["stop_grace"] = "60s"
    assert len(list(validator.iter_errors(wrong))) == 1


def test_each_step_of_the_pipeline_is_a_service() -> None:
    workers = {"worker-1", "worker-2", "households"}
    assert set(OWN) == {"topics", "migrations", *workers, "sink", "notify", "page"}
    assert set(SERVICES) - set(OWN) == {"kafka", "clickhouse"}


def parses(arguments: list[str]) -> None:
    """Parse a command line down to its last subcommand, without running it."""
    command: Any = COMMAND
    context = None
    while True:
        # Click keeps what is left of the arguments for the subcommand here.
        context = command.make_context(arguments[0] if arguments else "", arguments, context)
        remaining = [*context._protected_args, *context.args]
        if not hasattr(command, "commands"):
            assert not remaining, f"not understood: {remaining}"
            return
        name, command, arguments = command.resolve_command(context, remaining)
        assert command is not None, f"no command {name}"


@pytest.mark.parametrize("name", OWN)
def test_each_command_is_one_that_exists(name: str) -> None:
    parses(list(OWN[name]["command"]))


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    for wrong in (["sinks"], ["sink", "--port", "1"], ["warehouse", "migrates"]):
        result = CliRunner().invoke(COMMAND, wrong)
        assert result.exit_code == 2
        with pytest.raises(Exception, match=r"(?i)no such|unrecognized"):
            parses(wrong)


@pytest.mark.parametrize("name", OWN)
def test_each_variable_is_a_setting_and_its_value_is_one_that_it_takes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = OWN[name]["environment"]
    known = {f"JUSHOU_{field.upper()}" for field in Settings.model_fields}
    assert set(given) <= known
    for variable, value in given.items():
        monkeypatch.setenv(variable, interpolated(value))
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    for variable, value in given.items():
        field = variable.removeprefix("JUSHOU_").lower()
        assert str(getattr(settings, field)) == interpolated(value)


def interpolated(value: str) -> str:
    """The value as compose gives it where only what must be set is set."""
    value = re.sub(r"\$\{\w+:\?[^}]*\}", "given", value)
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def test_each_variable_that_the_file_asks_for_is_a_setting_or_for_compose_alone() -> None:
    known = {f"JUSHOU_{field.upper()}" for field in Settings.model_fields}
    assert set(re.findall(r"\$\{(\w+)", TEXT)) <= known | FOR_COMPOSE


def test_no_secret_is_written_in_the_file_and_a_missing_one_is_an_error() -> None:
    secret = re.compile(r"(PASSWORD|SECRET|TOKEN)[^:]*$")
    given = [
        (variable, str(value))
        for service in SERVICES.values()
        for variable, value in service.get("environment", {}).items()
        if secret.search(variable)
    ]
    assert given
    # One that need not be set is empty, and then nothing is made with it.
    assert all(re.fullmatch(r"\$\{\w+:(\?[^}]+|-)\}", value) for _, value in given)


def test_the_page_reads_the_warehouse_as_a_reader_and_the_others_as_who_made_it() -> None:
    server, jobs = SERVICES["clickhouse"]["environment"], OWN["migrations"]["environment"]
    assert server["CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT"] == "1"
    page = OWN["page"]["environment"]
    assert page["JUSHOU_CLICKHOUSE_USER"] == PAGE
    assert page["JUSHOU_CLICKHOUSE_PASSWORD"] == jobs["JUSHOU_CLICKHOUSE_PAGE_PASSWORD"]
    for name in ("migrations", "sink"):
        assert OWN[name]["environment"]["JUSHOU_CLICKHOUSE_USER"] == server["CLICKHOUSE_USER"]


def test_the_processes_reach_the_servers_where_they_listen() -> None:
    listeners = SERVICES["kafka"]["environment"]["KAFKA_LISTENERS"]
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    bootstraps = {service["environment"].get("JUSHOU_BOOTSTRAP") for service in OWN.values()}
    assert bootstraps == {"kafka:9092", None}
    assert "INSIDE://:9092" in listeners
    assert "INSIDE://kafka:9092" in advertised
    hosts = {service["environment"].get("JUSHOU_CLICKHOUSE_HOST") for service in OWN.values()}
    assert hosts == {"clickhouse", None}


@pytest.mark.parametrize("name", [name for name in LASTING if name in OWN])
def test_a_health_check_asks_the_port_that_its_process_serves(name: str) -> None:
    service = OWN[name]
    test = service["healthcheck"]["test"]
    assert test[:3] == ["CMD", "jushou", "health"]
    parses(test[2:])
    port = re.search(r"127\.0\.0\.1:([0-9]+)/", test[3])
    assert port is not None
    served = service["environment"].get("JUSHOU_PAGE_PORT") or service["command"][-1]
    assert port[1] == served


def test_the_page_is_published_on_the_port_that_it_listens_on() -> None:
    page = OWN["page"]
    assert page["environment"]["JUSHOU_PAGE_HOST"] == "0.0.0.0"
    assert page["ports"] == [f"127.0.0.1:8080:{page['environment']['JUSHOU_PAGE_PORT']}"]


def test_nothing_is_published_beyond_this_host() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_watched_started_again_and_given_time_to_stop(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert int(service["stop_grace_period"].removesuffix("s")) >= 15


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_starts_after_what_it_needs(name: str) -> None:
    needs = SERVICES[name].get("depends_on", {})
    for needed, how in needs.items():
        job = needed in ("topics", "migrations")
        wanted = "service_completed_successfully" if job else "service_healthy"
        assert how["condition"] == wanted
    environment = SERVICES[name].get("environment", {})
    if name in LASTING and "JUSHOU_BOOTSTRAP" in environment:
        assert "topics" in needs
    if name in LASTING and "JUSHOU_CLICKHOUSE_HOST" in environment:
        assert "migrations" in needs


@pytest.mark.parametrize("name", OWN)
def test_our_processes_can_write_nowhere_but_in_their_volumes(name: str) -> None:
    service = OWN[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]


def test_two_workers_have_names_and_folders_of_their_own() -> None:
    workers = [OWN["worker-1"], OWN["worker-2"]]
    names = {worker["environment"]["JUSHOU_WORKER_INSTANCE"] for worker in workers}
    folders = {volume for worker in workers for volume in worker["volumes"]}
    assert len(names) == len(folders) == 2
    assert {volume.split(":")[0] for volume in folders} <= set(COMPOSE["volumes"])
    assert {volume.split(":")[1] for volume in folders} == {image_setting("JUSHOU_FOLDER")}


def image_setting(name: str) -> str:
    """A variable that the image sets."""
    found = re.search(rf"{name}=(\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def test_every_volume_is_used_and_every_used_one_is_declared() -> None:
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }
    assert used == set(COMPOSE["volumes"])


def test_the_image_does_not_run_as_root_and_takes_what_it_copies_from_this_checkout() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = dockerfile[dockerfile.rindex("FROM ") :]
    assert re.search(r"^USER (?!root|0)\w+$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["jushou"]' in last
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert copied
    for source in copied:
        assert (ROOT / source).exists()
        assert source not in ignored
    packages = {"jushou", "schemas", "producers", "streams", "sinks", "dashboards"}
    assert not packages & set(ignored)
    assert "README.md" not in ignored
