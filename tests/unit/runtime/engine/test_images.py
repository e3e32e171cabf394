"""Which images exist, what they are called, and which of them a build makes; no Docker."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest
from docker.errors import APIError, ImageNotFound

from orchestrator.errors import HostError
from orchestrator.runtime.engine import images
from orchestrator.runtime.engine.images import (
    IMAGES,
    build_images,
    context_files,
    create_base,
    image_kinds,
    image_tag,
    images_folder,
    missing_images,
)

Image = dict[str, Any]


class FakeDocker:
    """A daemon's images: what was built and with what, without a daemon."""

    def __init__(self, *, debian: bool = True, registry: bool = True) -> None:
        self.debian, self.registry = debian, registry
        self.built: list[Image] = []
        self.builds: list[str] = []
        self.in_use: set[str] = set()
        self.fails: dict[str, str] = {}
        self.contexts: dict[str, set[str]] = {}
        self.arguments: dict[str, dict[str, str]] = {}
        self.imported = b""
        self.api = SimpleNamespace(
            images=lambda filters: self.built,
            build=self.build,
            import_image_from_stream=self.import_image,
        )
        self.images = SimpleNamespace(get=self.find, pull=self.pull, remove=self.remove)

    def add(self, kind: str, tag: str) -> None:
        self.built.append({"Labels": {"clicklab.image": kind}, "RepoTags": [tag]})

    def tags(self) -> set[str]:
        return {tag for image in self.built for tag in image["RepoTags"]}

    def build(self, **asked: Any) -> Iterator[dict[str, object]]:
        kind = asked["labels"]["clicklab.image"]
        self.builds.append(kind)
        self.arguments[kind] = asked["buildargs"]
        with tarfile.open(fileobj=io.BytesIO(asked["fileobj"].read())) as tar:
            self.contexts[kind] = set(tar.getnames())
        yield {"stream": f"Step 1 of {kind}\n"}
        if kind in self.fails:
            yield {"error": self.fails[kind]}
        else:
            self.add(kind, asked["tag"])

    def find(self, name: str) -> None:
        if not self.debian:
            raise ImageNotFound(name)

    def pull(self, name: str) -> None:
        if not self.registry:
            raise APIError("no registry answers")
        self.debian = True

    def import_image(self, stream: Iterator[bytes], **named: str) -> None:
        assert named == {"repository": "debian", "tag": "trixie-slim"}
        self.imported = b"".join(stream)
        self.debian = True

    def remove(self, tag: str) -> None:
        if tag in self.in_use:
            raise APIError("in use", response=cast(Any, SimpleNamespace(status_code=409)))
        self.built = [image for image in self.built if tag not in image["RepoTags"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two servers on a base; `web` and `app` share a folder, `app` with two of its parts."""
    files = {
        "base/Dockerfile": "FROM debian:trixie-slim\nCOPY base/lab-init /usr/local/bin/\n",
        "base/lab-init": "#!/bin/sh\n",
        "base/README.md": "The base.\n",
        "app/Dockerfile": "ARG BASE\nFROM ${BASE}\nCOPY shop/static shop/app /srv/\n",
        "web/Dockerfile": "ARG BASE\nFROM ${BASE}\nCOPY shop/static /srv/static\n",
        "web/README.md": "Serves files.\n",
        "shop/static/shop.css": "p {}\n",
        "shop/app/pages.py": "pass\n",
        "shop/app/__pycache__/pages.pyc": "bytecode",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def client_of(fake: FakeDocker) -> docker.DockerClient:
    return cast(docker.DockerClient, fake)


def build(fake: FakeDocker, folder: Path) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []
    build_images(client_of(fake), folder, lambda kind, state, seconds: seen.append((kind, state)))
    return seen


def names(kind: str, folder: Path) -> list[str]:
    return [file.as_posix() for file in context_files(kind, folder)]


def test_the_kinds_are_the_folders_with_a_dockerfile_base_first(folder: Path) -> None:
    assert image_kinds(folder) == ("base", "app", "web")


def test_the_shipped_images_are_one_per_kind_of_server() -> None:
    servers = {"router", "access", "rpki", "dns", "gateway", "web"}
    servers |= {"balancer", "app", "database", "client"}
    assert IMAGES[0] == "base"
    assert servers <= set(IMAGES)


def test_every_shipped_image_says_what_it_holds() -> None:
    assert all((images_folder() / kind / "README.md").is_file() for kind in IMAGES)


def test_a_build_sees_its_dockerfile_and_what_it_copies(folder: Path) -> None:
    assert names("base", folder) == ["base/Dockerfile", "base/lab-init"]
    assert names("web", folder) == ["shop/static/shop.css", "web/Dockerfile"]
    assert names("app", folder) == ["app/Dockerfile", "shop/app/pages.py", "shop/static/shop.css"]


def test_an_unknown_kind_is_the_hosts_problem(folder: Path) -> None:
    with pytest.raises(HostError, match="no image for 'toaster'"):
        image_tag("toaster", folder)


def test_a_tag_is_the_kind_and_twelve_digits_and_stays(folder: Path) -> None:
    name, _, digest = image_tag("web", folder).partition(":")
    assert name == "clicklab/web"
    assert len(digest) == 12
    assert int(digest, 16) >= 0
    assert image_tag("web", folder) == f"{name}:{digest}"


@pytest.mark.parametrize(
    ("changed", "renamed"),
    [
        ("base/lab-init", {"base", "app", "web"}),
        ("shop/static/shop.css", {"app", "web"}),
        ("shop/app/pages.py", {"app"}),
        ("web/Dockerfile", {"web"}),
        ("web/README.md", set()),
        ("shop/app/__pycache__/pages.pyc", set()),
    ],
)
def test_a_change_renames_exactly_the_images_that_hold_it(
    folder: Path, changed: str, renamed: set[str]
) -> None:
    before = {kind: image_tag(kind, folder) for kind in image_kinds(folder)}
    (folder / changed).write_text((folder / changed).read_text() + "\n# changed\n")
    after = {kind: image_tag(kind, folder) for kind in image_kinds(folder)}
    assert {kind for kind in before if before[kind] != after[kind]} == renamed


def test_a_renamed_file_is_a_change(folder: Path) -> None:
    before = image_tag("app", folder)
    (folder / "shop/app/pages.py").rename(folder / "shop/app/sides.py")
    assert image_tag("app", folder) != before


def test_missing_is_what_has_no_image_of_todays_content(folder: Path) -> None:
    fake = FakeDocker()
    fake.add("base", image_tag("base", folder))
    fake.add("web", "clicklab/web:000000000000")
    assert missing_images(client_of(fake), ["web", "base", "app"], folder) == ["web", "app"]


def test_an_image_that_lost_its_name_is_missing(folder: Path) -> None:
    fake = FakeDocker()
    fake.built.append({"Labels": {"clicklab.image": "web"}, "RepoTags": None})
    assert missing_images(client_of(fake), ["web"], folder) == ["web"]


def test_the_base_is_built_before_what_stands_on_it(folder: Path) -> None:
    fake = FakeDocker()
    seen = build(fake, folder)
    assert fake.builds[0] == "base"
    assert sorted(fake.builds) == ["app", "base", "web"]
    assert fake.arguments["web"]["BASE"] == image_tag("base", folder)
    assert "BASE" not in fake.arguments["base"]
    assert seen.index(("base", "built")) < seen.index(("web", "building"))


def test_docker_is_sent_the_files_that_were_digested(folder: Path) -> None:
    fake = FakeDocker()
    build(fake, folder)
    assert fake.contexts["web"] == {"web/Dockerfile", "shop/static/shop.css"}


def test_a_proxy_of_the_users_reaches_the_build(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    fake = FakeDocker()
    build(fake, folder)
    assert fake.arguments["base"]["http_proxy"] == "http://proxy.example:3128"


def test_a_second_build_builds_nothing(folder: Path) -> None:
    fake = FakeDocker()
    build(fake, folder)
    fake.builds.clear()
    assert build(fake, folder) == [("base", "present"), ("app", "present"), ("web", "present")]
    assert fake.builds == []


def test_what_a_build_replaces_goes_unless_a_container_uses_it(folder: Path) -> None:
    fake = FakeDocker()
    fake.add("web", "clicklab/web:000000000000")
    fake.add("app", "clicklab/app:000000000000")
    fake.in_use = {"clicklab/app:000000000000"}
    build(fake, folder)
    kept = {image_tag(kind, folder) for kind in image_kinds(folder)}
    assert fake.tags() == kept | {"clicklab/app:000000000000"}


def test_what_a_user_builds_on_an_image_of_ours_stays(folder: Path) -> None:
    fake = FakeDocker()
    fake.add("base", "my/router:1")
    build(fake, folder)
    assert "my/router:1" in fake.tags()


def test_a_build_that_fails_shows_the_end_of_its_log(folder: Path) -> None:
    fake = FakeDocker()
    fake.fails["web"] = "no package called ngnix"
    with pytest.raises(HostError) as caught:
        build(fake, folder)
    assert "the image 'web' did not build:\nStep 1 of web\nno package called ngnix" in str(
        caught.value
    )
    assert caught.value.hint
    assert image_tag("base", folder) in fake.tags()


@pytest.mark.parametrize(
    ("debian", "states"), [(True, ["present"]), (False, ["building", "built"])]
)
def test_debian_is_kept_or_pulled(debian: bool, states: list[str]) -> None:
    fake, seen = FakeDocker(debian=debian), list[str]()
    create_base(client_of(fake), lambda kind, state, seconds: seen.append(state))
    assert seen == states
    assert fake.imported == b""


def mmdebstrap_is(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "bin" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def test_without_a_registry_debian_is_bootstrapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mmdebstrap_is(tmp_path, 'echo "$@"', monkeypatch)
    monkeypatch.setattr(images, "KEYRING", tmp_path / "none.gpg")
    fake = FakeDocker(debian=False, registry=False)
    create_base(client_of(fake), lambda kind, state, seconds: None)
    assert fake.imported == b"--quiet --variant=minbase trixie -\n"


def test_a_bootstrap_that_fails_leaves_no_half_of_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mmdebstrap_is(tmp_path, "echo half; echo 'E: no mirror' >&2; exit 25", monkeypatch)
    fake = FakeDocker(debian=False, registry=False)
    with pytest.raises(HostError, match="E: no mirror"):
        create_base(client_of(fake), lambda kind, state, seconds: None)
    assert not fake.debian


def test_without_registry_and_mmdebstrap_the_hint_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fake = FakeDocker(debian=False, registry=False)
    with pytest.raises(HostError) as caught:
        create_base(client_of(fake), lambda kind, state, seconds: None)
    assert "apt-get install mmdebstrap" in caught.value.hint
