# Does what a document says, in a home of its own with this build as ~/plugboard/build/release:
# document.sh DOCUMENT SOURCE-FOLDER BUILD-FOLDER C++-COMPILER C-COMPILER
document=$1 source=$2 build=$3
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

mkdir -p "$home/plugboard/build" "$home/bin"
ln -s "$build" "$home/plugboard/build/release"
ln -s "$4" "$home/bin/c++"
ln -s "$5" "$home/bin/cc"
export HOME=$home PATH=$home/bin:$PATH
unset CC CXX PKG_CONFIG_PATH CMAKE_PREFIX_PATH
cd "$home/plugboard"
python3 "$source/tests/system/recipes.py" "$document" shell
