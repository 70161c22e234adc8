#!/usr/bin/env bash
# Runs drumscribe as a 64-bit Raspberry Pi would, on an emulated arm64 processor, and compares its hits with those of this
# machine. Needs Debian's debootstrap and qemu-user-static, root, and a Python with pip (PYTHON, python3 if not given):
#
#   tests/pi/emulate.sh FOLDER
#
# Nothing is registered on the machine: programs are run by qemu-aarch64-static by name, so what starts processes of its
# own (batches, foreign models) is not tried.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-python3}
release=bookworm # its Python is 3.11
system=$folder/system

if [ ! -x "$system/usr/bin/python3.11" ]; then
    debootstrap --arch=arm64 --foreign --variant=minbase --include=python3,libgomp1,libstdc++6 $release "$system"
    for package in "$system"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$system"; done
fi

# What the processor is like, as programs look for it: a Pi 4. Without these the TFLite runtime crashes on x86's.
mkdir -p "$system/proc" "$system/sys/devices/system/cpu"
for core in 0 1 2 3; do
    printf 'processor\t: %d\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n' $core
    printf 'CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n'
done >"$system/proc/cpuinfo"
printf 'Hardware\t: BCM2711\nRevision\t: c03111\n' >>"$system/proc/cpuinfo"
for name in possible present; do echo 0-3 >"$system/sys/devices/system/cpu/$name"; done

# The wheel, and its dependencies for aarch64 as pip would choose them there.
"$python" -m pip wheel --quiet --no-deps --wheel-dir "$folder" "$root"
platforms=(--platform any)
for version in 2_17 2_27 2_28 2_31 2_34; do platforms+=(--platform "manylinux_${version}_aarch64"); done
"$python" -m pip install --quiet --upgrade --target "$folder/site" "${platforms[@]}" --platform manylinux2014_aarch64 \
    --python-version 3.11 --implementation cp --only-binary=:all: "$folder"/drumscribe-*.whl

emulated() {
    qemu-aarch64-static -cpu cortex-a72 -L "$system" -E PYTHONHOME="$system/usr" -E PYTHONPATH="$folder/site" \
        -E LD_LIBRARY_PATH="$system/usr/lib/aarch64-linux-gnu" -E NUMBA_CACHE_DIR="$folder/numba" \
        -E XDG_STATE_HOME="$folder/state" "$system/usr/bin/python3.11" "$@"
}

emulated -c 'import platform; assert platform.machine() == "aarch64"'
for model in base tiny; do
    for song in rock funk; do
        recording=$(find "$root/examples/songs" -name "$song.*" | head -1)
        emulated -m drumscribe transcribe "$recording" --quiet --model $model --out "$folder/arm-$model-$song.csv" --overwrite
        "$python" -m drumscribe transcribe "$recording" --quiet --model $model --out "$folder/here-$model-$song.csv" --overwrite
    done
done
"$python" "$root/tests/pi/compare.py" "$folder"
