#!/usr/bin/env bash
# Build the image and tag it by the content of what goes into it, so that new code re-runs tasks and old code does not.
# BASE_IMAGE=name builds on another base; ENGINE=podman uses podman.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

engine=${ENGINE:-docker}
tag=$(git ls-files -co --exclude-standard -- containers src assets/genes docs/columns.md | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum | cut -c 1-12)
"$engine" build --file containers/Dockerfile ${BASE_IMAGE:+--build-arg "BASE_IMAGE=$BASE_IMAGE"} --tag "sscite:$tag" --tag sscite:latest .
echo "sscite:$tag"
