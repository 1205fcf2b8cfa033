#!/usr/bin/env bash
# Installs another version of TensorFlow.js beside the one that is used, for `npm run test:all`: tools/tfjs_version.sh 4.1.0
set -euo pipefail
cd "$(dirname "$0")/.."

version=$1
folder=.tfjs/$version
mkdir -p "$folder"
echo '{ "private": true }' > "$folder/package.json"
npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --no-save "@tensorflow/tfjs@$version" \
  "@tensorflow/tfjs-backend-wasm@$version" || { rm -r "$folder"; exit 1; }
