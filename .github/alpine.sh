#!/bin/sh
# What Alpine lacks for a build of the addon and a run of the suite. Its own Rust may be too old.
set -eu

apk add --no-cache bash build-base coreutils git procps python3 rustup util-linux
rustup-init -y --quiet --profile minimal --component rustfmt,clippy
ln -sf "$HOME/.cargo/bin/"* /usr/local/bin/
git config --global --add safe.directory "$PWD"
