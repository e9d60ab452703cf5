#!/usr/bin/env bash
# Builds meshvet from this checkout of the action: there are no released binaries yet.
set -euo pipefail

command -v cargo >/dev/null || {
  echo "::error::meshvet is built from source and needs Rust (cargo) on the runner"
  exit 2
}
# cargo obeys .cargo/config.toml and rust-toolchain.toml of the directory it is started in; those
# of the repository that is scanned must not decide what runs here
cd "$GITHUB_ACTION_PATH"
cargo install --locked --quiet --path . --root "$RUNNER_TEMP/meshvet"
"$RUNNER_TEMP/meshvet/bin/meshvet" --version
