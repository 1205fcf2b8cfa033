#!/usr/bin/env bash
# Puts the real @tensorflow/tfjs-node into node_modules, on Linux x86-64.
#
# Its own install script downloads libtensorflow 2.9.1 and a prebuilt addon, and fails where
# those cannot be reached. Here the JavaScript comes from npm, libtensorflow out of the
# tensorflow-cpu wheel, and the addon is compiled. The results stay in a cache folder
# ($TFJS_LOSSES_CACHE, else tfjs-losses in the user's cache), so another clone only copies.
# npm knows nothing of the copy: after `npm ci` (or an install that removes it) run this again.
set -euo pipefail

tfjs_node=4.22.0
tensorflow=2.21.0

say() { echo "tfjs_node.sh: $*"; }
fail() { say "$*" >&2; exit 1; }

# Runs a command silently; shows what it printed only if it fails.
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }; }

loads() { node -e "require('@tensorflow/tfjs-node')" 2>&1; }

check_tools() {
  local tool missing=()
  for tool in python3 make g++; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  ((${#missing[@]} == 0)) || fail "missing: ${missing[*]}"
  python3 -m pip --version >/dev/null 2>&1 || fail "missing: pip (python3 -m pip)"
}

# The addon looks for its libraries in deps/lib (rpath), its build for headers in deps/include.
# The wheel has the C API in libtensorflow_cc, and that is known under its own name as well.
link_libtensorflow() { # <package folder>
  local name
  rm -rf "$1/deps"
  mkdir -p "$1/deps/lib"
  ln -s "$libtensorflow/include" "$1/deps/include"
  for name in libtensorflow.so libtensorflow.so.2 libtensorflow_cc.so.2; do
    ln -s "$libtensorflow/libtensorflow_cc.so.2" "$1/deps/lib/$name"
  done
  for name in libtensorflow_framework.so libtensorflow_framework.so.2; do
    ln -s "$libtensorflow/libtensorflow_framework.so.2" "$1/deps/lib/$name"
  done
}

# A folder appears in the cache complete or not at all.
# If another run was quicker, its folder stays.
publish() { [[ -e $2 ]] || mv -T "$1" "$2"; }

get_libtensorflow() {
  say "getting libtensorflow out of the tensorflow-cpu $tensorflow wheel"
  # The libraries do not depend on Python: one fixed tag, whatever Python runs here.
  # No retries: they only delay where one of several indexes is unreachable.
  quietly python3 -m pip download --no-deps --retries 0 --no-cache-dir \
    --only-binary :all: --python-version 3.11 --dest "$work" "tensorflow-cpu==$tensorflow"
  quietly python3 - "$work" <<'PY'
import pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
(file,) = work.glob("*.whl")
wanted = tuple("tensorflow/" + name for name in
               ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2", "include/"))
with zipfile.ZipFile(file) as wheel:
    wheel.extractall(work, [name for name in wheel.namelist() if name.startswith(wanted)])
file.unlink()
PY
  publish "$work/tensorflow" "$libtensorflow"
}

# Not in the project itself: there npm passes over an optional peer dependency that it is asked
# to install without saving, and removes every other package that was not saved either.
build_package() {
  local modules="$work/npm/node_modules" built="$work/tfjs-node"
  say "installing the JavaScript of @tensorflow/tfjs-node $tfjs_node"
  mkdir "$work/npm"
  quietly npm install --prefix "$work/npm" --no-save --ignore-scripts "@tensorflow/tfjs-node@$tfjs_node"
  say "compiling its addon"
  link_libtensorflow "$modules/@tensorflow/tfjs-node"
  (
    cd "$modules/@tensorflow/tfjs-node"
    quietly npx --no node-pre-gyp install --build-from-source
    rm -rf build
  )
  # Its dependencies go along with it, except @tensorflow/*: of these the project's own must
  # serve, for a second tfjs-core would have its own kernels and gradients.
  mv "$modules/@tensorflow/tfjs-node" "$built"
  rm -rf "$modules/@tensorflow" "$modules/.bin" "$modules/.package-lock.json"
  mv "$modules" "$built/node_modules"
  publish "$built" "$package"
}

# A copy, not a link: Node would look for @tensorflow/tfjs from where a link leads.
copy_into_project() {
  local target=node_modules/@tensorflow/tfjs-node
  copy=$(mktemp -d node_modules/.tfjs-node.XXXXXX)
  cp -RT "$package" "$copy"
  link_libtensorflow "$copy"
  chmod 755 "$copy"
  rm -rf "$target"
  mv -T "$copy" "$target"
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ $(uname -sm) == "Linux x86_64" ]] || fail "only for Linux x86-64, this is $(uname -sm)"
command -v node >/dev/null || fail "missing: node"
# Before the look whether it loads: there it loads too, and fails when it is used.
(($(node -p 'process.versions.node.split(".")[0]') < 23)) ||
  fail "tfjs-node $tfjs_node itself does not run on Node $(node -v): util.isNullOrUndefined is gone since 23"
if loads >/dev/null; then
  say "@tensorflow/tfjs-node works already"
  exit 0
fi
[[ -d node_modules/@tensorflow/tfjs ]] || fail "no @tensorflow/tfjs in node_modules: run npm ci first"

cache=${TFJS_LOSSES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tfjs-losses}
mkdir -p "$cache"
cache=$(realpath "$cache") # links into it must not be relative
libtensorflow=$cache/tensorflow-$tensorflow
package=$cache/tfjs-node-$tfjs_node-tensorflow-$tensorflow-abi$(node -p process.versions.modules)
work=$(mktemp -d "$cache/.work.XXXXXX") # in the cache, so that a rename suffices at the end
trap 'rm -rf "$work" ${copy:+"$copy"}' EXIT
trap 'exit 1' INT TERM

if [[ ! -e $libtensorflow || ! -e $package ]]; then check_tools; fi
[[ -e $libtensorflow ]] || get_libtensorflow
[[ -e $package ]] || build_package
copy_into_project

error=$(loads) || fail "built, but it does not load: $error"
say "@tensorflow/tfjs-node $tfjs_node is in node_modules"
