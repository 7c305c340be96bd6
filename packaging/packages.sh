# Sourced by run and test: installs what is missing with apt, saying what and why. Works as root or with sudo; a second run installs nothing.

build_packages=(
  g++ cmake ninja-build ccache mold pkg-config
  libcurl4-openssl-dev libsqlite3-dev libssl-dev zlib1g-dev
  libfmt-dev libspdlog-dev nlohmann-json3-dev libsimdjson-dev libexpected-dev libcli11-dev libcpp-httplib-dev
  libeigen3-dev libboost-dev libhowardhinnant-date-dev
)
gui_packages=(
  qt6-base-dev qt6-svg-dev libqcustomplot-dev libgl-dev qt6-qpa-plugins fonts-roboto-unhinted fonts-jetbrains-mono
)
headless_packages=(jq)
test_packages=(
  libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev xvfb xauth jq awscli git
)
sanitizer_packages=(clang-19 libclang-rt-19-dev llvm-19)  # llvm-19: names in stack traces

# For tests that skip without them.
optional_packages=(user-mode-linux)

say() { printf '%s\n' "$*"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "Installing packages needs root: run this as root, or install sudo. Needed: $*" >&2
    exit 1
  fi
}

is_installed() {
  # A name may be provided by another package (qt6-svg-dev by qt6-svg-dev on newer releases).
  dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep -q '^.i' && return 0
  dpkg-query -W -f '${db:Status-Abbrev} ${Provides}\n' 2>/dev/null | grep '^.i' | grep -qE "[ ,]$1([ ,(]|\$)"
}

# install_missing "what for" package...
install_missing() {
  local why=$1 missing=() package
  shift
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "Installing $why: ${missing[*]}"
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log_dir/apt.log" 2>&1; then
    # Package lists may be missing or old.
    as_root apt-get update >"$log_dir/apt-update.log" 2>&1 || true
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log_dir/apt.log" 2>&1; then
      tail -n 20 "$log_dir/apt.log" >&2
      say "apt could not install them (whole log: $log_dir/apt.log). Check the network and the package sources, then run this again." >&2
      exit 1
    fi
  fi
}

# As install_missing, but what this distribution or machine lacks is only said. install_optional "what for" package...
install_optional() {
  local why=$1 package
  shift
  for package in "$@"; do
    is_installed "$package" && continue
    say "Installing $why: $package"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >"$log_dir/apt-optional.log" 2>&1 ||
      say "apt could not install $package: tests that need it will skip."
  done
}

# node and npm on PATH are used when node is 18 or newer, else the distribution's.
ensure_node() {
  local major
  major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
  if [ -n "$major" ] && [ "$major" -ge 18 ] && command -v npm >/dev/null; then
    return 0
  fi
  install_missing "Node.js for the SDK tests" nodejs npm
}

# Packages of the SDK tests, pinned by package-lock.json.
ensure_sdk_packages() {
  local folder
  for folder in "$root"/tests/sandbox/node "$root"/tests/app/agent/node; do
    [ -f "$folder/package.json" ] || continue
    if [ -d "$folder/node_modules" ] && [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ]; then
      continue
    fi
    say "Installing npm packages for tests (npm ci in ${folder#"$root"/})"
    (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts >"$log_dir/npm.log" 2>&1) || {
      tail -n 20 "$log_dir/npm.log" >&2
      say "npm could not install the packages (whole log: $log_dir/npm.log)." >&2
      exit 1
    }
  done
  build_runtime_client "$root"/tests/app/agent/node/node_modules/aws-lambda-ric
}

# The native part of AWS's Node runtime client, by its own scripts (they build the curl that it brings). Without it the tests that need it skip.
build_runtime_client() {
  [ -d "$1" ] && [ ! -f "$1/rapid-client.node" ] || return 0
  say "Building the native part of aws-lambda-ric (the log is in build/logs/aws-lambda-ric.log)"
  local node_prefix npm_folder
  node_prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  npm_folder=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  [ ! -f "$node_prefix/include/node/node_api.h" ] || export npm_config_nodedir=$node_prefix
  (cd "$1" && sh scripts/preinstall.sh && PATH=$PATH:$npm_folder/bin/node-gyp-bin sh scripts/postinstall.sh) >"$log_dir/aws-lambda-ric.log" 2>&1 ||
    say "It could not be built: tests of the Node runtime client will skip."
  unset npm_config_nodedir
}

# build PRESET [cmake --build arguments]
build() {
  local preset=$1
  shift
  say "Building ($preset); the log is in ${log_dir#"$root"/}/$preset.log"
  if ! { cmake --preset "$preset" && cmake --build "build/$preset" -j "$(nproc)" "$@"; } >"$log_dir/$preset.log" 2>&1; then
    grep -nE 'error|FAILED|CMake Error' -A 6 "$log_dir/$preset.log" | head -n 60 >&2
    say "The build failed (whole log: $log_dir/$preset.log)." >&2
    exit 1
  fi
}
