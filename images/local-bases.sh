#!/usr/bin/env bash
# Makes stand-ins for the public base images where no registry of images can be reached: from Debian's packages and the JDK
# of this machine, tagged with the public names that the Dockerfiles use. They stand in for those to build and to try, and are
# not for others: they take over this machine's way to packages (CA certificates, apt's settings).
set -euo pipefail

RELEASE=trixie
DEBIAN=debian:trixie-slim
JRE=eclipse-temurin:25-jre
POSTGRES=postgres:17

say()  { printf 'portolan: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

have() { docker image inspect "$1" >/dev/null 2>&1; }

[ "$(id -u)" = 0 ] || fail "making base images needs root"
[ -x "${JDK:-}/bin/jlink" ] || fail "JDK names no JDK"
command -v debootstrap >/dev/null || fail "making base images needs debootstrap"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Uses the system that is there, so that no daemon is started and nothing asks.
inside() { DEBIAN_FRONTEND=noninteractive chroot "$work/root" "$@" >>"$work/log" 2>&1 || { tail -20 "$work/log" >&2; fail "'$*' failed in the stand-in"; }; }

root() {
  [ -d "$work/root" ] && return
  say "unpacking Debian $RELEASE …"
  debootstrap --variant=minbase --include=ca-certificates "$RELEASE" "$work/root" >"$work/log" 2>&1 ||
    { tail -20 "$work/log" >&2; fail "debootstrap failed"; }
  cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"
  cp -r /etc/apt/apt.conf.d/. "$work/root/etc/apt/apt.conf.d/"
  inside apt-get clean
}

import() { # NAME [CHANGE ...]
  local name=$1 changes=()
  shift
  local change
  for change in "$@"; do changes+=(--change "$change"); done
  tar -C "$work/root" -c . | docker import --change 'LABEL io.portolan.stand-in=true' "${changes[@]}" - "$name" >/dev/null
  say "$name is there (a stand-in)"
}

if ! have "$DEBIAN"; then
  root
  import "$DEBIAN" 'CMD ["bash"]'
fi

if ! have "$JRE"; then
  root
  say "making a Java runtime of $JDK …"
  modules=$("$JDK/bin/java" --list-modules | sed 's/@.*//' |
    grep -vxE 'jdk\.(jlink|jpackage|compiler|javadoc|jshell|jdeps|jconsole|editpad|jartool|hotspot\.agent|incubator\..*|graal\..*|internal\.(ed|le|md|vm\.ci))|jdk\.unsupported\.desktop' | paste -sd,)
  mkdir -p "$work/root/opt/java"
  "$JDK/bin/jlink" --add-modules "$modules" --strip-debug --no-man-pages --no-header-files --generate-cds-archive \
    --output "$work/root/opt/java/openjdk" >>"$work/log" 2>&1 || { tail -20 "$work/log" >&2; fail "jlink failed"; }
  import "$JRE" 'ENV JAVA_HOME=/opt/java/openjdk' \
    'ENV PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' 'CMD ["jshell"]'
  rm -rf "$work/root/opt/java"
fi

# As the official image as far as this project uses it: POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD(_FILE), scripts at the first start.
if ! have "$POSTGRES"; then
  root
  inside apt-get -q update
  mkdir -p "$work/root/etc/postgresql-common"
  echo 'create_main_cluster = false' >"$work/root/etc/postgresql-common/createcluster.conf"
  printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
  chmod 755 "$work/root/usr/sbin/policy-rc.d"
  inside apt-get -q install -y --no-install-recommends "postgresql-${POSTGRES#*:}"
  cat >"$work/root/usr/local/bin/docker-entrypoint.sh" <<'ENTRY'
#!/bin/bash
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  install -d -o postgres -g postgres -m 2775 /var/run/postgresql
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=${POSTGRES_PASSWORD:-$(cat "$POSTGRES_PASSWORD_FILE")}
  initdb -U "${POSTGRES_USER:=postgres}" --auth-local=trust --auth-host=scram-sha-256 --pwfile=<(printf '%s\n' "$password")
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w start -o "-c listen_addresses=''"
  database=${POSTGRES_DB:-$POSTGRES_USER}
  [ "$database" = postgres ] || createdb -U "$POSTGRES_USER" "$database"
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) bash "$script" ;;
      *.sql) psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$database" -f "$script" ;;
    esac
  done
  pg_ctl -w -m fast stop
fi
exec "$@"
ENTRY
  chmod 755 "$work/root/usr/local/bin/docker-entrypoint.sh"
  echo "listen_addresses = '*'" >>"$work/root/usr/share/postgresql/${POSTGRES#*:}/postgresql.conf.sample"
  import "$POSTGRES" "ENV PGDATA=/var/lib/postgresql/data" \
    "ENV PATH=/usr/lib/postgresql/${POSTGRES#*:}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["postgres"]' 'EXPOSE 5432' 'VOLUME /var/lib/postgresql/data' 'STOPSIGNAL SIGINT'
fi
