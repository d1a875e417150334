# Runs a throw-away PostgreSQL server for as long as somebody holds a lock on $dir/users.lock. The
# kernel frees a lock when its holder ends, however it ends, so the server cannot outlive the tests.
set -u
bin=$1 dir=$2 linger=$3

fail() {
  touch "$dir/failed"
  exit 1
}
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions \
  >"$dir/log" 2>&1 || fail
"$bin/postgres" -D "$dir/data" -k "$dir" -h '' -F \
  -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c jit=off \
  -c max_connections=500 -c shared_buffers=64MB -c dynamic_shared_memory_type=mmap \
  -c wal_level=minimal -c max_wal_senders=0 -c log_min_messages=fatal -c log_min_error_statement=panic \
  >>"$dir/log" 2>&1 &
server=$!

stop() {
  kill -INT "$server" 2>/dev/null
  wait "$server"
  rm -rf "$dir"
  exit 0
}
trap stop HUP INT TERM

exec 9<"$dir/users.lock"
while :; do
  flock -x 9 # nobody uses the server
  flock -u 9
  sleep "$linger" # the next package of the same run may be about to start
  if flock -xn 9; then
    stop # with the lock held: whoever comes now starts a server of its own
  fi
done
