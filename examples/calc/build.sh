#!/bin/sh
# npm install and not npm ci: componentize-qjs lists packages for other systems
# that are not published.
set -eu
cd "$(dirname "$0")"
npm install --no-audit --no-fund
npm run build
