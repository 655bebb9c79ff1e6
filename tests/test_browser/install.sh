#!/bin/sh
# Install what a browser's tests need beside Python's packages, where this machine lets us, and
# note why not where it does not: the tests then skip with that reason.
# Usage: install.sh FOLDER, where axe-core and the notes go.
set -u
folder=$1
axe=4.14.1

mkdir -p "$folder"
rm -f "$folder"/no-*

lacks() {  # NAME REASON
  echo "test-browser: $2" >&2
  echo "$2" > "$folder/no-$1"
}

# As root, or as a user who may be it without being asked.
if [ "$(id -u)" -eq 0 ]; then as_root=
else as_root='sudo -n'
fi

if command -v chromium > /dev/null && command -v chromedriver > /dev/null; then :
elif ! command -v apt-get > /dev/null; then
  lacks chromium 'chromium and chromedriver are not installed, and there is no apt-get to do it'
elif ! $as_root true > /dev/null 2>&1; then
  lacks chromium 'chromium and chromedriver are not installed, and that takes root or sudo'
else
  echo 'installing chromium and chromium-driver (half a minute)'
  export DEBIAN_FRONTEND=noninteractive
  wait_for_lock='-o DPkg::Lock::Timeout=120'
  # what a failed update left behind may still do, so it is the installation that decides
  $as_root apt-get $wait_for_lock -qq update > "$folder/apt.log" 2>&1
  # without recommendations there may be no font at all, and text without a font has no contrast
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get $wait_for_lock -qq install -y \
    --no-install-recommends chromium chromium-driver fonts-dejavu-core >> "$folder/apt.log" 2>&1 ||
    lacks chromium "apt-get could not install chromium: $(tail -n 1 "$folder/apt.log")"
fi

kept="$folder/node_modules/axe-core/package.json"
if grep -q "\"version\": \"$axe\"" "$kept" 2> /dev/null; then :
elif ! command -v npm > /dev/null; then
  lacks axe-core 'npm is not installed, and axe-core comes from it'
else
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
    --prefix "$folder" "axe-core@$axe" > "$folder/npm.log" 2>&1 ||
    lacks axe-core "npm could not install axe-core: $(tail -n 1 "$folder/npm.log")"
fi
