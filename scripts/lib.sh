# Shared by the scripts: where things are, what must be installed, how to say what is going on.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '\n== %s\n' "$*"; }

# What building, testing and the clients of the demo need, as Debian 12 packages.
packages=(
    ccache cmake g++ ninja-build pkg-config
    libbenchmark-dev libcli11-dev libdrm-dev libfmt-dev libgmock-dev libgtest-dev libhwy-dev libisal-dev
    libpixman-1-dev libpng-dev libseat-dev
    librapidcheck-dev libtomlplusplus-dev libudev-dev libxcvt-dev libxxhash-dev nlohmann-json3-dev zlib1g-dev
    drm-info kmscube libdrm-tests libwayland-bin libwayland-dev python3 strace sway udev wayland-protocols weston
)
check_packages=(binutils clang clang-format clang-tidy edid-decode gcc graphviz golang-github-containers-common libcap2-bin lld musl-tools
    python3-seccomp)

# install_missing PACKAGE...: quick when nothing is missing, and says what it installs.
install_missing() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${#missing[@]} packages: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "These packages are missing and there is no sudo. As root, run:" >&2
            echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
            exit 1
        }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]
build() {
    local preset=$1
    shift
    say "building $preset"
    cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 || {
        cat "build/$preset.configure.log"
        exit 1
    }
    # Compilers live in fresh memory: huge pages spare clang a tenth of its time.
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1 cmake --build --preset "$preset" ${1:+--target "$@"}
}

mkdir -p build
