#!/bin/sh
# A minimal Debian with some packages, and Python packages from FOLDER/wheels, as FOLDER/layer.tar.
#   rootfs.sh FOLDER SUITE MIRROR PACKAGES USER PYTHON_PACKAGES
set -eu
folder=$1 suite=$2 mirror=$3 packages=$4 user=$5 python=$6
root=$folder/root
debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror"
if [ -n "$user" ]; then
  chroot "$root" useradd --uid 1000 --create-home --shell /bin/bash "$user"
fi
if [ -n "$python" ]; then
  mv "$folder/wheels" "$root/wheels"
  # For the distribution's own Python, so that a login shell finds it too; what the distribution has of the same packages
  # stays. Bytecode is compiled here: a user in the pod could not.
  chroot "$root" sh -c "python3 -m pip install --quiet --no-cache-dir --no-index --find-links=/wheels \
    --break-system-packages --ignore-installed --root-user-action=ignore $python"
  rm -r "$root/wheels"
fi
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/locale/* \
  "$root"/usr/share/man/* "$root"/var/log/*.log
tar -C "$root" --numeric-owner -cf "$folder/layer.tar" .
