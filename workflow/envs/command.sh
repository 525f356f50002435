# Write the command `activarium` of this clone into the folder $1 of its virtual environment.
bin=$(cd "$1" && pwd) || exit 1
cat > "$bin/activarium" <<END
#!/bin/sh
PYTHONPATH="$PWD/workflow/scripts" exec "$bin/python" -m activarium "\$@"
END
chmod +x "$bin/activarium"
