"""The two definitions of the image, for Docker and for Apptainer, hold the same files and the same settings."""

from __future__ import annotations

import re

from conftest import ROOT

DOCKER = (ROOT / "containers" / "Dockerfile").read_text(encoding="utf-8")
APPTAINER = (ROOT / "containers" / "apptainer.def").read_text(encoding="utf-8")
OF_DOCKER_ALONE = {"HOME"}  # Apptainer gives a task the user's own


def test_both_copy_the_same_files():
    copied = set(re.findall(r"^COPY (\S+) (/opt/sscite/\S+)$", DOCKER, re.MULTILINE))
    assert len(copied) >= 4
    files = APPTAINER.partition("%files")[2].partition("%post")[0]
    assert copied == set(re.findall(r"^ +(\S+) (/opt/sscite/\S+)$", files, re.MULTILINE))


def test_both_set_the_same_variables():
    settings = re.search(r"^ENV (.*?[^\\])\n\n", DOCKER, re.MULTILINE | re.DOTALL)[1]
    docker = dict(re.findall(r"(\w+)=(\S+)", settings))
    apptainer = dict(re.findall(r"(\w+)=(\S+)", APPTAINER.partition("%environment")[2]))
    assert {name: value for name, value in docker.items() if name not in OF_DOCKER_ALONE} == apptainer
