# Does what docs/writing-a-driver.md says, in a home of its own with this build as ~/plugboard/build/release:
# document.sh SOURCE-FOLDER BUILD-FOLDER COMPILER
source=$1 build=$2 compiler=$3
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

mkdir -p "$home/plugboard/build" "$home/bin"
ln -s "$build" "$home/plugboard/build/release"
ln -s "$compiler" "$home/bin/c++"
export HOME=$home PATH=$home/bin:$PATH
unset CXX PKG_CONFIG_PATH CMAKE_PREFIX_PATH
cd "$home/plugboard"
python3 "$source/tests/system/recipes.py" "$source/docs/writing-a-driver.md" shell
