# Installs plugboard-device, moves the installation, and builds and runs ./outside against it, once by its CMake
# package and once by pkg-config: outside.sh BUILD-FOLDER COMPILER LIBRARY-FOLDER
build=$1 compiler=$2 libraries=$3
outside=$(dirname "$0")/outside
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --component plugboard-device --prefix "$folder/first" >"$folder/install.log"
mv "$folder/first" "$folder/prefix"

expected="probe of sensor0: bus outside
21 degrees
sensor0 is gone: ENODEV
a mock left: nothing"
check() {
    if [ "$2" != "$expected" ]; then
        printf 'by %s the project outside printed:\n%s\nnot:\n%s\n' "$1" "$2" "$expected" >&2
        exit 1
    fi
    echo "by $1: ok"
}

export PKG_CONFIG_PATH=$folder/prefix/$libraries/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs plugboard-device)"
"$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror "$outside/main.cpp" "${flags[@]}" -o "$folder/by-pkg-config"
check pkg-config "$("$folder/by-pkg-config")"

cmake -S "$outside" -B "$folder/build" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$folder/prefix" \
    >"$folder/configure.log" || { cat "$folder/configure.log" >&2; exit 1; }
cmake --build "$folder/build" >"$folder/build.log" || { cat "$folder/build.log" >&2; exit 1; }
check CMake "$("$folder/build/outside")"

# Every header that is installed is complete, and none is for tests of the library's own.
read -ra flags <<<"$(pkg-config --cflags plugboard-device)"
headers=$folder/prefix/include/plugboard-device
find "$headers" -name '*.h' -printf '#include "%P"\n' | sort >"$folder/all.cpp"
if grep -E '_fixture\.h|/test_' "$folder/all.cpp"; then
    echo "these headers are for tests; who includes them?" >&2
    exit 1
fi
while read -r line; do
    "$compiler" -std=c++20 -fsyntax-only "${flags[@]}" -x c++ - <<<"$line" || { echo "alone: $line" >&2; exit 1; }
done <"$folder/all.cpp"
echo "$(wc -l <"$folder/all.cpp") headers: ok"
