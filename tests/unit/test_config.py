"""Settings: where they come from, and the one line that says what is wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resistor.config import ENVIRONMENT, MASK, Http, Settings, duration, load, masked_url, shown
from resistor.config.inventory import SETTINGS
from resistor.errors import OperatorMistake

KEY = "k1:0123456789abcdef0123456789abcdef"


def refused(environment: dict[str, str] | None = None, **given: Any) -> str:
    """Return what a person reads about these settings."""
    with pytest.raises(OperatorMistake) as mistake:
        load(environment=environment or {}, **given)
    assert "\n" not in str(mistake.value)
    return str(mistake.value)


def test_nothing_given_is_the_contract_s_defaults() -> None:
    settings = load(environment={})
    assert settings == Settings()
    assert settings.broker.url == "amqp://guest:guest@localhost:5672/"
    assert settings.store.url == "redis://localhost:6379/0"
    assert settings.http.address == ("127.0.0.1", 8080)
    assert settings.tokens.keys == ()
    assert settings.sources == {}


def test_the_later_source_wins_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "resistor.yaml"
    file.write_text("broker: {prefix: of-file, prefetch: 7}\nhttp: {bind: off}\nlog: {level: debug}\n")
    settings = load(
        file=file,
        environment={"RESISTOR_PREFIX": "of-variable", "RESISTOR_HTTP": "127.0.0.1:1"},
        flags={"--http": "127.0.0.1:2", "--prefix": None},
    )
    assert (settings.broker.prefix, settings.broker.prefetch) == ("of-variable", 7)
    assert settings.http.address == ("127.0.0.1", 2)
    assert settings.sources == {
        "broker.prefix": "RESISTOR_PREFIX",
        "broker.prefetch": f"{file}: broker.prefetch",
        "http.bind": "--http",
        "log.level": f"{file}: log.level",
    }


def test_the_variable_names_the_file_where_no_flag_does(tmp_path: Path) -> None:
    file = tmp_path / "resistor.yaml"
    file.write_text("http:\n  bind: off\n")
    assert load(environment={"RESISTOR_CONFIG": str(file)}).http.address is None


def test_a_secret_can_be_the_content_of_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "keys"
    secret.write_text(f"{KEY}\nk2:fedcba9876543210fedcba9876543210\n")
    by_variable = load(environment={"RESISTOR_TOKEN_KEYS_FILE": str(secret)})
    file = tmp_path / "resistor.yaml"
    file.write_text(f"tokens: {{keys_file: {secret}}}")
    by_file = load(file=file, environment={})
    assert by_variable.tokens == by_file.tokens
    assert [key_id for key_id, _ in by_variable.tokens.keys] == ["k1", "k2"]
    assert by_variable.sources == {"tokens.keys": "RESISTOR_TOKEN_KEYS_FILE"}


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert load(environment={"RESISTOR_TOKEN_KEYS": "", "RESISTOR_HTTP_TOKEN_FILE": ""}) == Settings()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("0.5", 0.5),
        ("30s", 30.0),
        ("500ms", 0.5),
        ("1h30m", 5400.0),
        ("7d", 604800.0),
        (2, 2.0),
    ],
)
def test_a_duration_is_seconds_or_has_units(text: Any, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("RESISTOR_DRAIN_SECONDS", "soon", "a duration is expected, like 30s or 1h30m, not 'soon'"),
        ("RESISTOR_DRAIN_SECONDS", "0", "more than 0 is expected, not '0'"),
        ("RESISTOR_BATCH", "many", "a whole number is expected, not 'many'"),
        ("RESISTOR_BATCH", "0", "1 at least, not '0'"),
        ("RESISTOR_PARTITIONS", "4096", "1024 at most, not '4096'"),
        ("RESISTOR_LOG_FORMAT", "xml", "'auto', 'text' or 'json' is expected, not 'xml'"),
        ("RESISTOR_HTTP", "8080", "HOST:PORT is expected, like 127.0.0.1:8080, or off, not '8080'"),
        ("RESISTOR_PREFIX", "a b", "a letter, then letters, digits, '_', '-' and '.', 64 at most, not 'a b'"),
        ("RESISTOR_AMQP_URL", "localhost", "a URL that begins with amqp:// or amqps:// is expected"),
        (
            "RESISTOR_AMQP_URL",
            "amqp://me:hidden/word@host/",
            "amqp://HOST:PORT is expected (is a '/', '#' or '@' in the password? write it %2F, %23 or %40)",
        ),
        (
            "RESISTOR_REDIS_URL",
            "rediss://host?ssl_cert_reqs=none",
            "ssl_cert_reqs=none would trust any server: name the CA of its certificate instead",
        ),
        ("RESISTOR_HTTP_TOKEN", "hidden", "16 characters at least"),
        (
            "RESISTOR_TOKEN_KEYS",
            "hidden",
            "KEYID:SECRET,KEYID:SECRET is expected, and one of them has no ':'",
        ),
        ("RESISTOR_TOKEN_KEYS", "k1:hidden", "token key 'k1': the secret has 6 bytes, 16 at least"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "'none', 'otlp' or 'console' is expected, not 'zipkin'"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_variable(name: str, value: str, line: str) -> None:
    said = refused({name: value})
    assert said == f"{name}: {line}"
    assert "hidden" not in said


def test_a_bind_that_others_can_reach_needs_a_token() -> None:
    assert refused({"RESISTOR_HTTP": ":8080"}) == (
        "RESISTOR_HTTP: 0.0.0.0:8080 can be reached from other machines, so RESISTOR_HTTP_TOKEN (or"
        " RESISTOR_HTTP_TOKEN_FILE) must be set"
    )
    assert not load(environment={"RESISTOR_HTTP": ":8080", "RESISTOR_HTTP_TOKEN": "t" * 16}).http.is_loopback


@pytest.mark.parametrize("bind", ["off", "127.0.0.1:8080", "localhost:80", "[::1]:8080", "127.9.9.9:1"])
def test_a_bind_that_only_this_machine_can_reach_needs_none(bind: str) -> None:
    assert Http(bind=bind).is_loopback


@pytest.mark.parametrize("name", ["RESISTOR_AMPQ_URL", "RESISTOR_DEFINITION", "RESISTOR_TOKENS_KEYS_FILE"])
def test_a_misspelt_variable_is_refused_with_what_was_meant(name: str) -> None:
    assert refused({name: "x"}).startswith(f"{name} is not a setting (did you mean RESISTOR_")


@pytest.mark.parametrize(
    "name", ["RESISTOR_PORT", "RESISTOR_SERVICE_HOST", "RESISTOR_HTTP_PORT_8080_TCP_ADDR", "RESISTOR_COLOUR"]
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    assert load(environment={name: "tcp://10.0.0.1:80"}) == Settings()


def test_a_setting_that_the_file_misspells_is_refused_with_what_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("broker: {urll: x}")
    assert refused(file=file) == f"{file}: broker.urll is not a setting (did you mean broker.url?)"


def test_a_file_that_is_no_yaml_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("broker:\n  url: [")
    assert refused(file=file).startswith(f"{file}:2:9: not YAML: ")
    file.write_text("- broker")
    assert refused(file=file) == f"{file}: sections with settings are expected (broker: {{url: …}})"


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    assert refused(file=missing) == (
        f"the configuration file {missing} cannot be read: No such file or directory"
    )
    assert refused({"RESISTOR_AMQP_URL_FILE": str(missing)}) == (
        f"RESISTOR_AMQP_URL_FILE: {missing} cannot be read: No such file or directory"
    )


def test_a_secret_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("amqp://host/")
    assert refused({"RESISTOR_AMQP_URL": "amqp://a/", "RESISTOR_AMQP_URL_FILE": str(secret)}) == (
        "RESISTOR_AMQP_URL and RESISTOR_AMQP_URL_FILE are both set: keep one"
    )


def test_no_secret_is_ever_shown() -> None:
    secrets = {
        "RESISTOR_AMQP_URL": "amqp://me:hidden@host/",
        "RESISTOR_REDIS_URL": "redis://:hidden@host/0?password=hidden",
        "RESISTOR_TOKEN_KEYS": "k1:hidden-hidden-hidden",
        "RESISTOR_HTTP_TOKEN": "hidden://hidden-hidden",
    }
    settings = load(environment=secrets)
    lines = {line.name: line for line in shown(settings)}
    assert lines["broker.url"].value == f"amqp://me:{MASK}@host/"
    assert lines["tokens.keys"].value == f"k1:{MASK}"
    assert lines["broker.url"].source == "RESISTOR_AMQP_URL"
    assert "hidden" not in str(lines)
    assert "hidden" not in repr(settings)


def test_a_url_without_a_password_is_shown_as_it_is() -> None:
    assert masked_url("redis://host:1/0") == "redis://host:1/0"


@pytest.mark.parametrize(
    ("environment", "exporter"),
    [
        ({}, "none"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, "none"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, "none"),
    ],
)
def test_traces_go_where_the_standard_variables_say(environment: dict[str, str], exporter: str) -> None:
    assert load(environment=environment).traces.exporter == exporter


def test_every_setting_has_a_description_and_a_variable_of_its_own() -> None:
    assert all(setting.description.endswith(".") for setting in SETTINGS)
    names = [setting.named.variable for setting in SETTINGS]
    assert len(set(names)) == len(names)
    assert set(names) < ENVIRONMENT.keys()


def test_no_color_is_heard() -> None:
    assert not load(environment={"NO_COLOR": "1"}).log.is_coloured
    assert load(environment={"NO_COLOR": ""}).log.is_coloured


def test_a_module_may_have_a_user_of_the_broker() -> None:
    settings = load(environment={"RESISTOR_MODULE_USERS": "payments:p-user, parcel:q"})
    assert settings.broker.module_users == {"payments": "p-user", "parcel": "q"}
    said = {setting.name: setting.value for setting in shown(settings)}
    assert said["broker.module_users"] == "payments:p-user,parcel:q"


@pytest.mark.parametrize("value", ["payments", "payments:", ":user", "pay.ments:u", "a:b,a:c"])
def test_module_users_that_cannot_be_read_are_one_line(value: str) -> None:
    with pytest.raises(OperatorMistake, match="RESISTOR_MODULE_USERS: "):
        load(environment={"RESISTOR_MODULE_USERS": value})
