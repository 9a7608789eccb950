#!/bin/sh
# Draws the secrets that compose.yaml mounts, once: what is already there is kept.
#   deploy/draw-secrets.sh [FOLDER]        default: deploy/secrets, which git and docker ignore
#
# Compose mounts these files as they are, and the containers do not run as you: so the files are readable
# and the folder is closed to everybody else.
set -eu
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
umask 022

draw() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep_or_write() { [ -e "$folder/$1" ] || printf '%s\n' "$2" >"$folder/$1"; }

keep_or_write token-keys "k1:$(draw)"
keep_or_write http-token "$(draw)"

# The broker's side and the client's side of one password: drawn together, or not at all.
if [ ! -e "$folder/amqp-url" ] || [ ! -e "$folder/rabbitmq-user.conf" ]; then
    password=$(draw)
    printf 'amqp://resistor:%s@rabbitmq:5672/\n' "$password" >"$folder/amqp-url"
    printf 'default_user = resistor\ndefault_pass = %s\n' "$password" >"$folder/rabbitmq-user.conf"
fi
