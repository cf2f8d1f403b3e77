# shellcheck shell=bash
# A private OCI registry beside the lab's Incus 7: TLS on loopback by a certificate authority of its own, which Incus 7 trusts and
# nobody else does, and two application images made of the tiny image: `web`, and the key-value service `kv` that it counts in.

# registry_value NAME KEY
registry_value() { sed -n "s/^$2=//p" "$(dir_of "$1")/registry/values" 2>/dev/null; }

# The id of the registry of lab $1, if it runs.
registry_pid() {
    local pid
    # One that has ended and that nobody has collected yet has no program.
    pid=$(held_pid "$1" registry) && program_of "$pid" >/dev/null && echo "$pid"
}

# make_registry NAME [USER PASSWORD]: starts the registry of lab NAME, unless it is there.
make_registry() {
    local name=$1 user=${2:-} password=${3:-} dir address pid
    ! registry_pid "$name" >/dev/null || return 0
    [ "$(lab_value "$name" incus)" = 7 ] || die "Lab $name runs Incus 6, which has no OCI images." "Start one with --incus 7."
    install_needed docker-registry:docker-registry skopeo:skopeo umoci:umoci openssl:openssl
    dir=$(dir_of "$name")/registry
    rm -rf "$dir"
    mkdir -p "$dir/store" "$dir/conf"
    address=127.0.0.1:$(free_port "$(lab_value "$name" number)" 26443)
    make_certificates "$dir" && cp "$dir/ca.crt" "$dir/conf/" || die "The registry's certificates could not be made: $(cat "$dir/errors")"
    {
        printf 'version: 0.1\nlog: {level: warn, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s/store}, delete: {enabled: true}}\n' "$dir"
        printf 'http: {addr: "%s", tls: {certificate: %s/server.crt, key: %s/server.key}}\n' "$address" "$dir" "$dir"
        [ -z "$user" ] || printf 'auth: {htpasswd: {realm: lab, path: %s/htpasswd}}\n' "$dir"
    } >"$dir/config.yml"
    if [ -n "$user" ]; then
        # Perl is on every Debian, and its crypt knows bcrypt, which the registry asks for.
        # shellcheck disable=SC2016  # for perl
        (umask 077 && LAB_PASSWORD=$password perl -e 'my $salt = join "", map { (".", "/", 0 .. 9, "A" .. "Z", "a" .. "z")[rand 64] } 1 .. 21; print "$ARGV[0]:" . crypt($ENV{LAB_PASSWORD}, "\$2b\$05\$${salt}u") . "\n"' "$user" >"$dir/htpasswd")
    fi
    local enter=()
    [ -z "$(holder_pid "$name")" ] || enter=(nsenter --target "$(holder_pid "$name")" --net)
    # With the lab's INCUS_DIR it is one of the lab's processes for the sweep, whatever happens here.
    (
        unlock_lab
        unlock_root
        exec "${enter[@]}" env -i "PATH=$PATH" HOME=/root INCUS_DIR="$(incus_dir_of "$name")" setsid docker-registry serve "$dir/config.yml"
    ) </dev/null >"$dir/log" 2>&1 &
    pid=$!
    set_value "$name" registry "$pid:$(start_of "$pid")"
    disown "$pid"
    until "${enter[@]}" bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1#*:}"' - "$address" 2>/dev/null; do
        registry_pid "$name" >/dev/null || die "The registry of lab $name ended: $(tail -n 5 "$dir/log")"
        timeout 0.05 tail -f /dev/null || :
    done
    push_images "$dir" "$address" "$user" "$password" "${enter[@]}"
    trust_authority "$name" "$dir/ca.crt"
    printf 'address=%s\nuser=%s\npassword=%s\n' "$address" "$user" "$password" >"$dir/values"
    lab_incus "$name" remote remove oci >/dev/null 2>&1
    lab_incus "$name" remote add oci "https://${user:+$user:$password@}$address" --protocol oci || die "The remote oci could not be added to the client of lab $name."
    # What runs outside the root trusts it as it trusts other remotes.
    mkdir -p "$(dir_of "$name")/conf/servercerts" && cp "$dir/server.crt" "$(dir_of "$name")/conf/servercerts/oci.crt"
    write_env "$name"
}

# Makes an authority and a certificate for loopback in directory $1.
make_certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=the lab's authority" \
        -keyout "$1/ca.key" -out "$1/ca.crt" 2>"$1/errors" &&
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout "$1/server.key" -out "$1/server.csr" 2>"$1/errors" &&
        openssl x509 -req -in "$1/server.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 3650 -out "$1/server.crt" \
            -extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost') 2>"$1/errors"
}

# Lets every program in the root of lab $1 trust the authority $2; the root is the lab's own for as long as it runs.
trust_authority() {
    local ENTER
    enter_for "$1"
    "${ENTER[@]}" sh -c 'cp "$1" /usr/local/share/ca-certificates/lab.crt && update-ca-certificates' - "$2" >/dev/null 2>&1 ||
        die "Incus 7 could not be made to trust the registry of lab $1."
}

# push_images DIRECTORY ADDRESS USER PASSWORD [ENTER...]: makes the images `web` and `kv` and pushes them.
push_images() {
    local dir=$1 address=$2 user=$3 password=$4 layout=$1/layout tag
    shift 4
    (
        set -e
        build_tree "$dir/tree"
        umoci init --layout "$layout"
        umoci new --image "$layout:base"
        umoci insert --image "$layout:base" "$dir/tree/rootfs" /
        umoci config --image "$layout:base" --config.env PATH=/bin
        umoci config --image "$layout:base" --tag web --config.entrypoint httpd --config.cmd -f --config.cmd -p --config.cmd 80 \
            --config.cmd -h --config.cmd /srv/hello --config.exposedports 80/tcp --config.env GREETING=Hello
        umoci config --image "$layout:base" --tag kv --config.entrypoint nc --config.cmd -ll --config.cmd -p --config.cmd 6379 \
            --config.cmd -e --config.cmd /bin/kv --config.exposedports 6379/tcp --config.volume /data --config.env KV_DIR=/data
        # Incus tells images apart by their layers alone: without this one it would take the first image for both.
        mkdir "$dir/tree/data"
        umoci insert --image "$layout:kv" "$dir/tree/data" /data
        for tag in web kv; do
            "$@" skopeo copy --insecure-policy --dest-cert-dir "$dir/conf" ${user:+--dest-creds "$user:$password"} "oci:$layout:$tag" "docker://$address/$tag:latest"
        done
    ) >"$dir/errors" 2>&1 || die "The registry's images could not be made: $(tail -n 5 "$dir/errors")"
    rm -rf "$layout" "$dir/tree"
}
