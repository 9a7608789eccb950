"""The manifests: strictly valid for several releases of Kubernetes, confined, and of one mind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

Judge = Callable[..., tuple[int, str]]
Find = Callable[[str, str], str]
Manifest = dict[str, Any]

RELEASES = ["1.29", "1.32", "1.35"]
WHERE_KUBECTL_IS = "any release since 1.27 has kustomize built in"


def documents(text: str) -> list[Manifest]:
    return [document for document in yaml.safe_load_all(text) if document]


def accept(manifests: list[Manifest], release: str = RELEASES[0]) -> None:
    """Hold every manifest against a release's strict schemas: a key that it does not know is an error."""
    for manifest in manifests:
        assert kubernetes_validate.validate(manifest, release, strict=True) == release


@pytest.fixture(scope="module")
def kubernetes(deploy: Path) -> Path:
    return deploy / "kubernetes"


@pytest.fixture(scope="module")
def kustomization(kubernetes: Path) -> Manifest:
    return documents((kubernetes / "kustomization.yaml").read_text())[0]


@pytest.fixture(scope="module")
def manifests(kubernetes: Path, kustomization: Manifest) -> list[Manifest]:
    """Give every resource that is applied, and the example of the secret."""
    files = [*kustomization["resources"], "secret.example.yaml"]
    return [document for name in files for document in documents((kubernetes / name).read_text())]


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    found = [manifest for manifest in manifests if manifest["kind"] == kind]
    assert found, kind
    return found


def pods(manifests: list[Manifest]) -> list[Manifest]:
    return [deployment["spec"]["template"] for deployment in of_kind(manifests, "Deployment")]


def daemon(manifests: list[Manifest]) -> Manifest:
    """Give the specification of the daemon's Deployment."""
    found = {deployment["metadata"]["name"]: deployment for deployment in of_kind(manifests, "Deployment")}
    specification = found["resistor-daemon"]["spec"]
    assert isinstance(specification, dict)
    return specification


@pytest.mark.parametrize("release", RELEASES)
def test_every_manifest_is_strictly_valid(manifests: list[Manifest], release: str) -> None:
    accept(manifests, release)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("replicas: 2", "replicas: two"),
        ("      containers:", "      container:"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesytem: true"),
        ("minAvailable: 1", "minAvailable: [1]"),
    ],
)
def test_a_broken_copy_is_refused(kubernetes: Path, right: str, wrong: str) -> None:
    text = (kubernetes / "daemon.yaml").read_text()
    assert right in text
    broken = documents(text.replace(right, wrong))
    with pytest.raises(kubernetes_validate.ValidationError):
        accept(broken)


def test_what_kustomize_builds_is_valid(find: Find, judge: Judge, kubernetes: Path) -> None:
    code, built = judge(find("kubectl", WHERE_KUBECTL_IS), "kustomize", kubernetes)
    assert code == 0, built
    resources = documents(built)
    accept(resources)
    (config,) = of_kind(resources, "ConfigMap")
    volumes = daemon(resources)["template"]["spec"]["volumes"]
    mounted = [volume["configMap"]["name"] for volume in volumes if "configMap" in volume]
    assert mounted == [config["metadata"]["name"]]
    assert mounted != [
        "resistor-definitions"
    ]  # a hash of the content follows, so that a change rolls the daemons


def test_kustomize_refuses_a_broken_copy(find: Find, judge: Judge, kubernetes: Path, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text((kubernetes / "kustomization.yaml").read_text())
    code, said = judge(find("kubectl", WHERE_KUBECTL_IS), "kustomize", tmp_path)
    assert code != 0
    assert "namespace.yaml" in said


def test_every_file_is_in_the_kustomization_but_the_secret(kubernetes: Path, kustomization: Manifest) -> None:
    there = {path.name for path in kubernetes.glob("*.yaml")} - {"kustomization.yaml", "secret.yaml"}
    assert there == {*kustomization["resources"], "secret.example.yaml"}
    for generator in kustomization["configMapGenerator"]:
        for name in generator["files"]:
            assert (kubernetes / name).is_file()


def test_every_pod_is_confined_as_the_restricted_profile_asks(manifests: list[Manifest]) -> None:
    for pod in pods(manifests):
        outer = pod["spec"]["securityContext"]
        assert outer["runAsNonRoot"] is True
        assert outer["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["spec"]["containers"]:
            inner = container["securityContext"]
            assert inner["allowPrivilegeEscalation"] is False
            assert inner["capabilities"] == {"drop": ["ALL"]}
            assert inner["readOnlyRootFilesystem"] is True


def test_no_pod_gets_variables_that_look_like_settings(manifests: list[Manifest]) -> None:
    # A Service called `resistor` would come as RESISTOR_PORT=tcp://…
    for pod in pods(manifests):
        assert pod["spec"]["enableServiceLinks"] is False
        assert pod["spec"]["automountServiceAccountToken"] is False


def test_every_selector_finds_pods(manifests: list[Manifest]) -> None:
    labels = [pod["metadata"]["labels"] for pod in pods(manifests)]
    selectors = [
        *(found["spec"]["selector"]["matchLabels"] for found in of_kind(manifests, "Deployment")),
        *(found["spec"]["selector"] for found in of_kind(manifests, "Service")),
        *(found["spec"]["selector"]["matchLabels"] for found in of_kind(manifests, "PodDisruptionBudget")),
        *(found["spec"]["podSelector"]["matchLabels"] for found in of_kind(manifests, "NetworkPolicy")),
    ]
    for selector in selectors:
        assert any(selector.items() <= pod.items() for pod in labels), selector


def test_everything_lives_in_the_one_namespace(manifests: list[Manifest], kustomization: Manifest) -> None:
    (namespace,) = of_kind(manifests, "Namespace")
    assert kustomization["namespace"] == namespace["metadata"]["name"]
    for manifest in manifests:
        if manifest is not namespace:
            assert manifest["metadata"]["namespace"] == namespace["metadata"]["name"]


def test_the_example_secret_has_the_keys_that_are_mounted_and_no_others(manifests: list[Manifest]) -> None:
    (secret,) = of_kind(manifests, "Secret")
    mounted = set()
    for pod in pods(manifests):
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        assert volumes["secrets"]["secret"]["secretName"] == secret["metadata"]["name"]
        keys = {item["key"] for item in volumes["secrets"]["secret"]["items"]}
        (container,) = pod["spec"]["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes.keys()
        named = {entry["value"] for entry in container["env"] if entry["name"].endswith("_FILE")}
        assert named == {f"/etc/resistor/secrets/{key}" for key in keys}
        mounted |= keys
    assert mounted == secret["stringData"].keys()


def test_the_kubelet_asks_the_probes_that_stay_open(manifests: list[Manifest]) -> None:
    (container,) = daemon(manifests)["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]


def test_a_daemon_is_left_whatever_is_rolled_or_drained(manifests: list[Manifest]) -> None:
    assert daemon(manifests)["replicas"] == 2
    assert daemon(manifests)["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    (budget,) = of_kind(manifests, "PodDisruptionBudget")
    assert budget["spec"]["minAvailable"] == 1
