#!/usr/bin/env bash
# Called by `make setup`: makes sure that what pip, Maven and npm cannot bring is on this machine.
# Installs it with apt-get where that is possible (root, Debian's tools); else names in one line
# what is missing. Java, Maven, npm and Python's venv are needed (exit 1 without); the browser and
# the Chinese fonts only serve the tests of the pages and the screenshots.
set -euo pipefail

python=${PYTHON:-python3}
needed=()
wanted=()

java_version() { java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1; }

# By the names of files, since fc-list itself may be missing; so may any of the folders.
has_chinese_font() {
    local folders=(/usr/share/fonts /usr/local/share/fonts ~/.fonts ~/.local/share/fonts) fonts
    fonts=$(find "${folders[@]}" \( -iname '*cjk*' -o -iname '*sourcehan*' -o -iname 'wqy*' \
        -o -iname '*noto*sc*' \) 2>/dev/null || true)
    [ -n "$fonts" ]
}

look() {
    needed=()
    wanted=()
    "$python" -c 'import ensurepip, venv' 2>/dev/null || needed+=(python3-venv)
    [ "$(java_version 2>/dev/null || echo 0)" -ge 17 ] 2>/dev/null || needed+=(default-jre-headless)
    command -v mvn >/dev/null || needed+=(maven)
    if [ -e dashboards/package.json ] && ! command -v npm >/dev/null; then needed+=(nodejs npm); fi
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
        command -v google-chrome >/dev/null || wanted+=(chromium)
    has_chinese_font || wanted+=(fonts-noto-cjk)
}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "make setup: Python 3.11 or newer is needed; name one with: make setup PYTHON=python3.12" >&2
    exit 1
fi

look
missing=("${needed[@]}" "${wanted[@]}")
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "make setup: installing ${missing[*]}"
    log=$(mktemp)
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || tail -n 5 "$log" >&2
    rm -f "$log"
    look
    missing=("${needed[@]}" "${wanted[@]}")
fi
if [ ${#missing[@]} -gt 0 ]; then
    echo "make setup: missing: ${missing[*]}; install with: sudo apt-get install ${missing[*]}" >&2
fi
[ ${#needed[@]} -eq 0 ]
