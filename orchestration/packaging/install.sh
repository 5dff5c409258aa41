#!/bin/sh
# Installs this checkout for a user of its own, as root, once and after every upgrade. The Dockerfile calls it as well.
# Packages come from PyPI, as the lock files say; nothing is downloaded afterwards.
#
#   NPS_USER     who runs the nights              nps
#   NPS_HOME     where they are kept              /var/lib/nps-warehouse
#   NPS_EXTRAS   for NPS_NOTIFY and NPS_PUBLISH   "notify postgres", or one of them, or nothing
#   PYTHON       with which the environment is made
set -eu

NPS_USER="${NPS_USER:-nps}"
NPS_HOME="${NPS_HOME:-/var/lib/nps-warehouse}"
checkout="$(cd "$(dirname "$0")/../.." && pwd)"
cd "$checkout"

umask 022
make ${PYTHON:+PYTHON="$PYTHON"} .venv/run
for extra in ${NPS_EXTRAS:-}; do
  make ${PYTHON:+PYTHON="$PYTHON"} ".venv/$extra"
done
# Who runs the nights cannot write byte code here.
.venv/bin/python -m compileall -q orchestration expectations

# Root's, and read-only for everybody else.
chown -R root:root "$checkout"
chmod -R go-w,a+rX "$checkout"

if ! id "$NPS_USER" >/dev/null 2>&1; then
  useradd --system --user-group --home-dir "$NPS_HOME" --no-create-home --shell /usr/sbin/nologin "$NPS_USER"
fi
install -d -o "$NPS_USER" -g "$NPS_USER" -m 0755 "$NPS_HOME"
if ! runuser -u "$NPS_USER" -- .venv/bin/python -c 'import orchestration'; then
  echo "$NPS_USER cannot run $checkout/.venv/bin/python. Put the checkout where everybody may go, as /opt, and make the"
  echo "environment of a Python that everybody may run: rm -r $checkout/.venv, and PYTHON=/usr/bin/python3.11 before $0"
  exit 1
fi
echo "installed $checkout for $NPS_USER, who keeps nights in $NPS_HOME"
