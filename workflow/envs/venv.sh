# Make the virtual environment $VENV with $PYTHON, or say in one line what is missing.
stop() { echo "make: $1" >&2; exit 1; }

command -v "$PYTHON" >/dev/null ||
    stop "no $PYTHON here; install Python 3.11 to 3.13, or name it: make PYTHON=/path/to/python3.12"
version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $version in
    3.11 | 3.12 | 3.13) ;;
    *) stop "$PYTHON is Python $version; 3.11 to 3.13 is needed: make PYTHON=/path/to/python3.12" ;;
esac
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$PYTHON cannot make environments; on Debian and Ubuntu: apt install python$version-venv"
[ -d "$VENV/lib" ] ||
    [ "$(df -Pk . | awk 'NR == 2 {print int($4 / 1024 / 1024)}')" -ge 8 ] ||
    stop "less than 8 GB free here, which torch and its CUDA libraries take; free some space"
[ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
