#!/bin/bash
# Installs or upgrades Joint Defence on Debian 12, as root. Run again, it brings what is there to this checkout's state.
#
#   deploy/install.sh                what packages it needs, the service's user, the database, this release, the units
#     --dry-run                      say what would be done, and do nothing
#     --no-packages                  install no Debian packages (they are there, or PostgreSQL and Redis are elsewhere)
#     --no-start                     install, and start nothing
#     --rollback                     the release before this one; its schema must be able to (docs/operating.md)
#     --uninstall                    stop and remove the service. Settings, state, copies and the database stay.
#
# It never overwrites /etc/joint-defence/joint-defence.env, and removes no data.
set -euo pipefail

HERE=$(cd "$(dirname "$0")/.." && pwd)
PREFIX=/opt/joint-defence
ETC=/etc/joint-defence
ENVIRONMENT=$ETC/joint-defence.env
UNITS=/etc/systemd/system
WORKERS=${WORKERS:-2}
DRY='' PACKAGES=1 START=1 WHAT=install

say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
# Do it, or say it.
run() { if [ -n "$DRY" ]; then say "+ $*"; else "$@"; fi }

while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) DRY=1 ;;
    --no-packages) PACKAGES='' ;;
    --no-start) START='' ;;
    --rollback) WHAT=rollback ;;
    --uninstall) WHAT=uninstall ;;
    -h|--help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option $1; --help" ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || [ -n "$DRY" ] || fail "run it as root: sudo $0"
command -v systemctl >/dev/null || fail "systemd is not here. Without it: the Procfile, or deploy/container"

UNIT_NAMES=$(cd "$HERE/deploy/systemd" && ls)

uninstall() {
  run systemctl disable --now joint-defence.target joint-defence-web.socket || true
  for unit in $UNIT_NAMES; do
    case $unit in *@.service) run systemctl stop "${unit%@.service}@*" || true ;; *) run systemctl stop "$unit" || true ;; esac
    run rm -f "$UNITS/$unit"
  done
  run rm -f /usr/local/bin/joint-defence /etc/sysusers.d/joint-defence.conf /etc/tmpfiles.d/joint-defence.conf
  run systemctl daemon-reload
  run rm -rf "$PREFIX"
  say "Removed. What is kept: $ETC, /var/lib/joint-defence, /var/backups/joint-defence, the database joint_defence."
}

packages() {
  [ -n "$PACKAGES" ] || return 0
  local wanted=(python3 python3-venv make ca-certificates) missing=()
  if grep -qsE '^DATABASE_URL=postgresql://[^@]*@/' "$ENVIRONMENT" || [ ! -e "$ENVIRONMENT" ]; then
    wanted+=(postgresql postgresql-client)
  fi
  if grep -qsE '^REDIS_URL=redis://(127\.0\.0\.1|localhost)' "$ENVIRONMENT" || [ ! -e "$ENVIRONMENT" ]; then
    wanted+=(redis-server)
  fi
  for package in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  run env DEBIAN_FRONTEND=noninteractive apt-get update -q
  run env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

people() {
  run install -D -m 0644 "$HERE/deploy/sysusers.d/joint-defence.conf" /etc/sysusers.d/joint-defence.conf
  run systemd-sysusers
  run install -D -m 0644 "$HERE/deploy/tmpfiles.d/joint-defence.conf" /etc/tmpfiles.d/joint-defence.conf
  run systemd-tmpfiles --create joint-defence.conf
}

secret() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

settings() {
  run install -d -m 0750 -o root -g joint-defence "$ETC"
  [ -e "$ENVIRONMENT" ] && return 0
  if [ -n "$DRY" ]; then say "+ write $ENVIRONMENT with new secrets"; return 0; fi
  sed -e "s|^SECRET_KEY=\$|SECRET_KEY=$(secret)|" -e "s|^METRICS_TOKEN=\$|METRICS_TOKEN=$(secret)|" \
    "$HERE/deploy/joint-defence.env" | install -m 0640 -o root -g joint-defence /dev/stdin "$ENVIRONMENT"
  say "Wrote $ENVIRONMENT. Fill in: PUBLIC_BASE_URL, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM_NUMBER."
}

servers() {
  local folder
  for folder in /etc/postgresql/*/main/conf.d; do
    if [ -d "$folder" ] && ! cmp -s "$HERE/deploy/postgresql/joint-defence.conf" "$folder/joint-defence.conf"; then
      run install -m 0644 "$HERE/deploy/postgresql/joint-defence.conf" "$folder/joint-defence.conf"
      run systemctl restart postgresql
    fi
  done
  if [ -e /etc/redis/redis.conf ]; then
    if ! cmp -s "$HERE/deploy/redis/joint-defence.conf" /etc/redis/joint-defence.conf; then
      run install -m 0644 "$HERE/deploy/redis/joint-defence.conf" /etc/redis/joint-defence.conf
      grep -qs '^include /etc/redis/joint-defence.conf' /etc/redis/redis.conf ||
        run sed -i '$a include /etc/redis/joint-defence.conf' /etc/redis/redis.conf
      run systemctl restart redis-server
    fi
  fi
  # The database on this machine: ours alone, reached by the socket as the user of the same name.
  if grep -qsE '^DATABASE_URL=postgresql://joint-defence@/joint_defence\?' "$ENVIRONMENT" || [ -n "$DRY" ]; then
    run systemctl start postgresql
    as_postgres() { (cd / && runuser -u postgres -- "$@"); }
    if [ -n "$DRY" ]; then say "+ createuser --createdb joint-defence, createdb --owner joint-defence joint_defence"; return 0; fi
    as_postgres psql -Atqc "SELECT 1 FROM pg_roles WHERE rolname = 'joint-defence'" | grep -q 1 ||
      as_postgres createuser --createdb joint-defence
    as_postgres psql -Atqc "SELECT 1 FROM pg_database WHERE datname = 'joint_defence'" | grep -q 1 ||
      as_postgres createdb --owner joint-defence --encoding UTF8 --template template0 joint_defence
  fi
}

release() {
  # What is committed, and nothing that lies about; without git, what is here.
  local number commit
  number=$(sed -n 's/^RELEASE = "\(.*\)"/\1/p' "$HERE/config/release.py")
  commit=$(git -c safe.directory="$HERE" -C "$HERE" rev-parse --short=10 HEAD 2>/dev/null || echo plain)
  RELEASE=$PREFIX/releases/$number-$commit
  if [ -e "$RELEASE/.complete" ]; then say "$RELEASE is here already."; return 0; fi
  say "Installing $RELEASE"
  run rm -rf "$RELEASE"
  run install -d -m 0755 "$RELEASE"
  if [ -n "$DRY" ]; then return 0; fi
  if [ "$commit" != plain ]; then
    git -c safe.directory="$HERE" -C "$HERE" archive HEAD | tar -x -C "$RELEASE"
  else
    tar -C "$HERE" --exclude=./.venv --exclude=./var --exclude=./.git -c . | tar -x -C "$RELEASE"
  fi
  make -s -C "$RELEASE" setup-runtime
  "$RELEASE/.venv/bin/python" -m compileall -q "$RELEASE/app.py" "$RELEASE"/{config,groups,joint_defense,migrations}
  chmod -R go-w,a+rX "$RELEASE"
  touch "$RELEASE/.complete"
}

switch() {
  # $1: the release to run from now on.
  local before
  before=$(readlink -f "$PREFIX/current" 2>/dev/null || true)
  if [ -n "$before" ] && [ "$before" != "$1" ]; then run ln -sfn "$before" "$PREFIX/previous"; fi
  run ln -sfn "$1" "$PREFIX/.next"
  run mv -T "$PREFIX/.next" "$PREFIX/current"
}

units() {
  # Units of an earlier release that this one does not have.
  local unit
  for unit in "$UNITS"/joint-defence*; do
    if [ -f "$unit" ] && [ ! -e "$HERE/deploy/systemd/${unit##*/}" ]; then
      run systemctl disable --now "${unit##*/}" || true
      run rm -f "$unit"
    fi
  done
  for unit in $UNIT_NAMES; do run install -m 0644 "$HERE/deploy/systemd/$unit" "$UNITS/$unit"; done
  run install -m 0755 "$HERE/deploy/joint-defence" /usr/local/bin/joint-defence
  run systemctl daemon-reload
}

start() {
  [ -n "$START" ] || return 0
  if grep -qsE '^(TWILIO_ACCOUNT_SID|TWILIO_AUTH_TOKEN|TWILIO_FROM_NUMBER|SECRET_KEY)=$' "$ENVIRONMENT" &&
     ! grep -qs '^CARRIERS=.' "$ENVIRONMENT"; then
    say "Not started: $ENVIRONMENT is not filled in. Then run this again."
    return 0
  fi
  # The schema first: the running release works with it too (expand, then contract).
  run /usr/local/bin/joint-defence db upgrade
  run systemctl enable -q joint-defence.target
  run systemctl start joint-defence-web.socket joint-defence.target
  restart
  say "Runs: systemctl status 'joint-defence*'. Is all well? joint-defence doctor"
}

restart() {
  # One after the other, so that somebody always sends, and somebody always answers.
  local number
  for number in $(seq "$WORKERS"); do run systemctl restart "joint-defence-worker@$number"; done
  for number in 1 2; do run systemctl restart "joint-defence-web@$number"; done
  run systemctl restart joint-defence-clock
  run systemctl restart joint-defence-bulk
}

keep_three() {
  # The running release, the one before, and one more.
  local current previous
  current=$(readlink -f "$PREFIX/current" || true); previous=$(readlink -f "$PREFIX/previous" 2>/dev/null || true)
  # shellcheck disable=SC2012 # the names are ours
  ls -1dt "$PREFIX"/releases/*/ 2>/dev/null | tail -n +4 | while read -r old; do
    old=${old%/}
    [ "$old" = "$current" ] || [ "$old" = "$previous" ] || run rm -rf "$old"
  done
}

case $WHAT in
  uninstall) uninstall ;;
  rollback)
    [ -e "$PREFIX/previous" ] || fail "there is no release before this one"
    RELEASE=$(readlink -f "$PREFIX/previous")
    switch "$RELEASE"
    say "Back to $RELEASE"
    restart ;;
  install)
    packages; people; settings; servers; release; switch "$RELEASE"; units; start; keep_three ;;
esac
