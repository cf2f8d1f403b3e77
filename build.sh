#!/usr/bin/env bash
# Every task of this repository. `./build.sh help` lists them; build.ps1 offers the same ones to PowerShell.
set -euo pipefail
root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
cd -- "$root"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# A file or a pipe gets no colours, whatever writes to it.
[ -t 1 ] || export NO_COLOR=1
lab=$root/tests/lab/lab
export LAB_ROOT=${LAB_ROOT:-/var/tmp/incus-compose-lab}

usage() {
    cat <<'EOF'
usage: ./build.sh [TASK]

  build        (the default) the module, importable as ./IncusCompose.psd1, and the command bin/incus-compose
  quickstart   build, start a private Incus, bring examples/quickstart up on it and show that it serves
  down         take the quickstart's stack down and its Incus away
  test         build and run every test; the last line but notes is "N passed, N failed". What needs an Incus runs on the
               machine's own, and a core of it on Incus 7 too; with LAB_INCUS=7 in the environment, all of it on Incus 7
  bench        build and run the benchmarks on a private Incus; arguments are passed on
  package      the module as published: out/IncusCompose/VERSION
  lab ...      tests/lab/lab ...
  clean        remove what was built
EOF
}

# Each argument on a line of its own.
say() { printf '%s\n' "$@"; }
# die WHAT [WHAT TO DO]
die() {
    printf 'build: error: %s\n' "$@" >&2
    exit 1
}

need_sdk() {
    command -v dotnet >/dev/null || die "The .NET SDK 10.0 is not installed." "Get dotnet-sdk-10.0 from your distribution or from Microsoft (https://dot.net), then run this again."
    dotnet --version >/dev/null || die "No .NET SDK fits global.json: see the message above." "Install the .NET SDK 10.0."
}

# pwsh, if there is one that the module can be imported in.
find_pwsh() {
    command -v pwsh >/dev/null && [ "$(pwsh -NoLogo -NoProfile -NonInteractive -Command '$PSVersionTable.PSVersion -ge [version]"7.6"' 2>/dev/null)" = True ]
}

# The name under which NuGet has this machine's native files.
runtime_id() {
    local os=linux arch
    case $(uname -s) in
    Darwin) os=osx ;;
    *) [[ $(ldd --version 2>&1) != *musl* ]] || os=linux-musl ;;
    esac
    case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "There is no .NET runtime for $(uname -m)." ;;
    esac
    echo "$os-$arch"
}

# What the build is made from, as one hash of names, sizes and times.
inputs_hash() {
    find src Directory.Build.props Directory.Packages.props global.json build.sh .editorconfig \( -name bin -o -name obj \) -prune -o -type f -printf '%p %s %T@\n' |
        LC_ALL=C sort | sha256sum | cut -d ' ' -f 1
}

# What was built: names and sizes.
list_outputs() { find bin \( -type f -o -type l \) ! -name '.*' -printf '%p %s\n' | LC_ALL=C sort; }

# True where everything that the last build made is still there as it was.
outputs_are_whole() { [ -s bin/.outputs ] && [ -z "$(comm -23 --nocheck-order bin/.outputs <(list_outputs))" ]; }

# publish PROJECT DIRECTORY [OPTION...]: builds into obj/publish, apart from what editors and tests build.
publish() {
    local project=$1 to=$2
    shift 2
    rm -rf -- "$to"
    dotnet publish "src/$project" --configuration Release --artifacts-path obj/publish --output "$to" --nologo --verbosity quiet "$@"
}

# Machine code beside the IL halves the time to start; that of the framework's generics over our own types, which would
# otherwise be compiled at run time, belongs to it. Its compiler is a package of its own, which may be out of reach.
publish_native() {
    local project=$1 to=$2 log
    mkdir -p obj
    log=$(mktemp obj/publish.XXXXXX.log)
    if publish "$project" "$to" --runtime "$(runtime_id)" --self-contained false -p:PublishReadyToRun=true \
        "-p:PublishReadyToRunCrossgen2ExtraArgs=--opt-cross-module:*%3B--non-local-generics-module:*" >"$log" 2>&1; then
        rm -f "$log"
        return
    fi
    if grep -qi crossgen "$log"; then
        say "note: the ReadyToRun compiler could not be restored; $project will start more slowly"
        rm -f "$log"
        publish "$project" "$to" --runtime "$(runtime_id)" --self-contained false
        return
    fi
    cat "$log" >&2
    rm -f "$log"
    die "$project does not build: see above."
}

# place FILE TARGET: by a rename, so that a process that has the old file loaded keeps it whole.
place() {
    ! cmp -s -- "$1" "$2" || return 0
    mkdir -p -- "$(dirname -- "$2")"
    cp -- "$1" "$2.new"
    mv -f -- "$2.new" "$2"
}

# stage_module MODULE CLI TARGET: the assemblies of the module from two publishes. YamlDotNet goes to deps/, where only the
# module's own load context looks.
stage_module() {
    local file
    for file in IncusCompose.PowerShell IncusCompose Incus.Client; do
        place "$1/$file.dll" "$3/$file.dll"
        place "$1/$file.pdb" "$3/$file.pdb"
    done
    for file in IncusCompose.Yaml.dll IncusCompose.Yaml.pdb YamlDotNet.dll; do
        place "$2/$file" "$3/deps/$file"
    done
    for file in src/IncusCompose.PowerShell/*.ps1xml; do
        [ ! -e "$file" ] || place "$file" "$3/${file##*/}"
    done
}

stage_command() {
    local file dotnet_root
    (cd "$1" && find . -type f ! -name '*.xml') | while IFS= read -r file; do place "$1/$file" "bin/cli/$file"; done
    # What an earlier build had and this one has not.
    (cd bin/cli && find . -type f) | while IFS= read -r file; do [ -e "$1/$file" ] || rm -f -- "bin/cli/$file"; done
    # Asked, because the dotnet of PATH may be a shim.
    dotnet_root=$(dotnet --list-runtimes | sed -n 's|^Microsoft.NETCore.App 10\..*\[\(.*\)/shared/Microsoft.NETCore.App\]$|\1|p' | tail -n 1)
    case $dotnet_root in
    /usr/share/dotnet | /usr/lib/dotnet | /usr/local/share/dotnet | "$(cat /etc/dotnet/install_location 2>/dev/null)")
        ln -s cli/incus-compose bin/incus-compose.new
        ;;
    *)
        # The command would not find a runtime that only PATH leads to.
        cat >bin/incus-compose.new <<EOF
#!/bin/sh
DOTNET_ROOT=\${DOTNET_ROOT:-$(printf '%q' "$dotnet_root")} exec "\$(dirname "\$(readlink -f "\$0")")/cli/incus-compose" "\$@"
EOF
        chmod +x bin/incus-compose.new
        ;;
    esac
    mv -fT bin/incus-compose.new bin/incus-compose
}

task_build() {
    local hash fd
    # One build at a time in this checkout.
    exec {fd}<build.sh
    flock "$fd"
    hash=$(inputs_hash)
    if [ "$(cat bin/.inputs 2>/dev/null)" = "$hash" ] && [ -x bin/incus-compose ] && outputs_are_whole; then
        exec {fd}<&-
        say "bin is up to date"
        return
    fi
    need_sdk
    say "building the module and the command"
    mkdir -p bin
    rm -f bin/.inputs bin/incus-compose.new
    publish_native IncusCompose.Cli obj/stage/cli
    publish_native IncusCompose.PowerShell obj/stage/module
    stage_module obj/stage/module obj/stage/cli bin
    stage_command obj/stage/cli
    list_outputs >bin/.outputs
    echo "$hash" >bin/.inputs
    exec {fd}<&-
    say "built: Import-Module ./IncusCompose.psd1, bin/incus-compose"
}

lab_state() { "$lab" list | awk -F '\t' -v name="$1" '$1 == name { print $2 }'; }

# fetch URL-PATH HOST PORT: prints the page; waits until the service answers, 30 s at most.
fetch() {
    local path=$1 host=$2 port=$3 deadline=$((SECONDS + 30)) page
    while [ "$SECONDS" -lt "$deadline" ]; do
        if page=$({ exec 3<>"/dev/tcp/$host/$port"; printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$host" >&3 && timeout 5 cat <&3; } 2>/dev/null) &&
            [[ $page == HTTP/1.?\ 200* ]]; then
            printf '%s\n' "${page#*$'\r\n\r\n'}"
            return
        fi
        # Refused at once while nothing listens yet.
        sleep 0.1
    done
    return 1
}

stack=examples/quickstart/stack.yaml

# Runs a line of PowerShell with the module imported, or says how it ended.
in_pwsh() {
    pwsh -NoLogo -NoProfile -NonInteractive -Command "\$ErrorActionPreference = 'Stop'; Import-Module ./IncusCompose.psd1; $1"
}

task_quickstart() {
    local web_port=${WEB_PORT:-8480} page powershell=''
    task_build
    say "" "== a private Incus, apart from any other on this machine"
    [ "$(lab_state quickstart)" != killed ] || "$lab" stop quickstart
    "$lab" start quickstart >/dev/null
    eval "$("$lab" env --export quickstart)"
    say "Incus $(incus version 2>/dev/null | sed -n 's/^Server version: //p') at $INCUS_SOCKET"
    export WEB_PORT=$web_port
    ! find_pwsh || powershell=yes
    if [ -n "$powershell" ]; then
        say "" "== PowerShell: Import-IncusStack $stack | Compare-IncusStack"
        in_pwsh "Import-IncusStack $stack | Compare-IncusStack | Out-Host"
        say "" "== PowerShell: Invoke-IncusCompose -Path $stack"
        in_pwsh "Invoke-IncusCompose -Path $stack -Confirm:\$false | Out-Host"
    else
        say "" "PowerShell 7.6 is not here: the command does the same."
        say "== incus-compose plan -f $stack"
        bin/incus-compose plan -f "$stack" || [ $? = 2 ]
        say "" "== incus-compose up -f $stack"
        bin/incus-compose up -f "$stack" --yes
    fi
    say "" "== the page, through the published port: http://127.0.0.1:$web_port/"
    page=$(fetch / 127.0.0.1 "$web_port") || die "Nothing serves http://127.0.0.1:$web_port/ 30 s after the stack came up." "Look at: $lab exec quickstart -- list"
    say "$page"
    say "" "== the plan again: nothing is left to do"
    if [ -n "$powershell" ]; then in_pwsh "Import-IncusStack $stack | Compare-IncusStack | Out-Host"; else bin/incus-compose plan -f "$stack"; fi
    cat <<EOF

The stack is up. To look around, in this directory:

    eval "\$(tests/lab/lab env --export quickstart)"$([ "$web_port" = 8480 ] || echo "; export WEB_PORT=$web_port")     # this shell's incus, module and command now speak to the private Incus
    incus list
    bin/incus-compose ps -f $stack
    curl http://127.0.0.1:$web_port/

Change $stack (or say GREETING=Hi), then: bin/incus-compose plan -f $stack && bin/incus-compose up -f $stack
Take it all away:  ./build.sh down
EOF
}

task_down() {
    case $(lab_state quickstart) in
    running)
        eval "$("$lab" env --export quickstart)"
        task_build
        bin/incus-compose down -f "$stack" --yes || die "The stack was not taken down." "Take the Incus away with all that is in it: tests/lab/lab stop quickstart"
        ;;
    '') say "The quickstart does not run." ;;
    esac
    "$lab" stop quickstart
}

passed=0 failed=0 skipped=0
# A file with what failed, said again before the last line: it stands far up in a long run's output. One with what passed
# only at its second try: whoever reads the end of a green run is to see those too.
failures= unsteady=
# add NAME PASSED FAILED SKIPPED
add() {
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    say "$1: $2 passed, $3 failed$([ "$4" = 0 ] || echo ", $4 skipped")"
}

# A runner that broke or ran nothing is a failure of its own.
broken() {
    failed=$((failed + 1))
    say "FAILED: $*"
    echo "$*" >>"$failures"
}

# failed_in TRX [NAMES]: each failed test of an xunit result file, or each of those named, with the first and the last lines
# of what it says: a program's output ends with its error.
failed_in() {
    awk -v only="${2-}" '
        BEGIN { count = split(only, list, "\n"); for (i = 1; i <= count; i++) wanted[list[i]] }
        /<UnitTestResult / {
            name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name)
            bad = /outcome="Failed"/ && (only == "" || name in wanted)
            if (bad) print name
        }
        bad && /<Message>/ { sub(/.*<Message>/, ""); lines = 0; within = 1 }
        within { line = $0; sub(/<\/Message>.*/, "", line); said[++lines] = line }
        within && /<\/Message>/ {
            within = 0
            for (i = 1; i <= lines; i++) if (i <= 15 || i > lines - 20) print "    " said[i]; else if (i == 16) print "    ..."
        }
    ' "$1" | sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&#x[AD];//g; s/&amp;/\&/g'
}

# dotnet_test PROJECT TRX [OPTION...]
dotnet_test() {
    local project=$1 results=$2
    shift 2
    dotnet test "$project" --configuration Release --no-build --nologo --logger "trx;LogFileName=$root/$results" \
        --logger "console;verbosity=minimal" --blame-hang --blame-hang-timeout 20m --blame-hang-dump-type none --results-directory obj/test-results "$@"
}

# names TRX OUTCOME: the tests of an xunit result file that ended so.
names() { sed -n "/<UnitTestResult .*outcome=\"$2\"/s/.* testName=\"\([^\"]*\)\".*/\1/p" "$1" | LC_ALL=C sort; }

# What is tested against real daemons, beside everything else that runs on the machine, can be unlucky once. A few such tests
# that failed run once more by themselves; more than a few are no bad luck. Whatever passes then is named at the end of the run.
most_tries=5
# second_try PROJECT TRX: prints how many of those that failed passed now.
second_try() {
    local project=$1 results=$2 again=${2%.trx}.again.trx filter lucky
    filter=$(names "$results" Failed | sed 's/(.*//; s/^/FullyQualifiedName=/' | uniq | paste -sd '|')
    dotnet_test "$project" "$again" --filter "$filter" >&2 || true
    [ -s "$again" ] || { echo 0; return; }
    lucky=$(LC_ALL=C comm -12 <(names "$results" Failed) <(names "$again" Passed))
    [ -z "$lucky" ] || failed_in "$results" "$lucky" >>"$unsteady"
    grep -c . <<<"$lucky" || true
}

# run_xunit PROJECT [NAME OPTION...]: runs an xunit project, all of it or what the options choose, and adds what its result
# file says.
run_xunit() {
    local project=$1 name=${2-} results counters status=0
    shift $(($# > 1 ? 2 : 1))
    name=${name:-$(basename "$project" .csproj)}
    results=obj/test-results/$name.trx
    say "" "== $name"
    dotnet_test "$project" "$results" "$@" || status=$?
    counters=$(grep -o '<Counters [^>]*>' "$results" 2>/dev/null | head -n 1 || true)
    if [ -z "$counters" ]; then
        broken "$name left no results (dotnet test ended with $status)"
        return
    fi
    local -A of=()
    local pair
    for pair in $(grep -o '[a-zA-Z]*="[0-9]*"' <<<"$counters"); do of[${pair%%=*}]=$(tr -dc 0-9 <<<"${pair#*=}"); done
    local bad=$((of[failed] + of[error] + of[timeout] + of[aborted])) lucky=0
    if [[ $project == *.Integration.Tests.csproj ]] && [ "$bad" -gt 0 ] && [ "$bad" -le "$most_tries" ]; then lucky=$(second_try "$project" "$results"); fi
    [ "$bad" = "$lucky" ] || failed_in "$results" "$(LC_ALL=C comm -23 <(names "$results" Failed) <(names "${results%.trx}.again.trx" Passed 2>/dev/null))" >>"$failures"
    add "$name" $((of[passed] + lucky)) $((bad - lucky)) $((of[total] - of[passed] - bad))
    [ "${of[total]}" -gt 0 ] || broken "$name has no tests"
    [ "$status" = 0 ] || [ "$bad" -gt 0 ] || broken "$name ended with status $status though no test failed"
}

counted='^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$'

declare -A counted_output counted_job
# begin_counted NAME COMMAND...: starts a script whose last line is "N passed, N failed[, N skipped]" beside all else: most of
# what the tests do is waiting for daemons. finish_counted shows what it wrote.
begin_counted() {
    local name=$1
    shift
    counted_output[$name]=$(mktemp)
    timeout --kill-after 10 30m "$@" >"${counted_output[$name]}" 2>&1 </dev/null &
    counted_job[$name]=$!
}

finish_counted() {
    local name=$1 out=${counted_output[$1]} status=0 line
    say "" "== $name"
    wait "${counted_job[$name]}" || status=$?
    # Its own count stays out of sight: the last line of this run is the only one of that form.
    grep -vE "$counted" "$out" || true
    line=$(grep -E "$counted" "$out" | tail -n 1 || true)
    sed -n 's/^SECOND TRY //p' "$out" >>"$unsteady"
    [[ $line == *' 0 failed'* ]] || grep -A 6 -E '^ *\[-\]|^FAILED ' "$out" >>"$failures" || true
    rm -f "$out"
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
        add "$name" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]:-0}"
        [ $((BASH_REMATCH[1] + BASH_REMATCH[2])) -gt 0 ] || broken "$name ran no tests"
        [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" -gt 0 ] || broken "$name ended with status $status though no test failed"
    else
        broken "$name did not say how it ended (status $status)"
    fi
}

# What of the integration tests runs on Incus 7 too, within a minute; LAB_INCUS=7 runs all of them there.
incus7_core=(Exporting.GeneratedStackTests Stacks.BucketTests Stacks.ComposeWordTests Stacks.ExportTests Stacks.NetworkKindTests Stacks.OptionTests Stacks.QuickstartTests Stacks.RequirementTests Stacks.StorageTests)
incus7_job='' incus7_log=''
# What Incus 7 runs in takes a minute or two to download, once for a machine. Meanwhile there is enough to do.
begin_incus7() {
    [ "$(id -u)" = 0 ] && grep -qx ID=debian /etc/os-release || return 0
    incus7_log=$(mktemp)
    "$lab" install --incus 7 >"$incus7_log" 2>&1 </dev/null &
    incus7_job=$!
}

finish_incus7() {
    [ -n "$incus7_job" ] || return 0
    if ! wait "$incus7_job"; then
        say "" "NOT RUN: the tests on Incus 7, because it could not be built:"
        cat "$incus7_log"
        [ "${LAB_INCUS:-6}" = 6 ] || die "Incus 7, which LAB_INCUS asks for, could not be built: see above."
        export LAB_NO_INCUS7=1
    fi
    rm -f "$incus7_log"
}

task_test() {
    local project
    case ${LAB_INCUS:-6} in
    6 | 7) ;;
    *) die "LAB_INCUS=$LAB_INCUS: there is no such Incus to test on." "Say LAB_INCUS=7, or nothing for the machine's own." ;;
    esac
    begin_incus7
    task_build
    say "building the tests"
    dotnet build IncusCompose.sln --configuration Release --nologo --verbosity quiet || die "The solution does not build: see above."
    rm -rf obj/test-results
    mkdir -p obj/test-results
    failures=obj/test-results/failures.txt unsteady=obj/test-results/unsteady.txt
    # Labs are only left over from runs that crashed.
    if [ "$(id -u)" = 0 ]; then "$lab" sweep; fi
    # Whatever ends this run ends them too.
    trap 'kill "${counted_job[@]}" 2>/dev/null || true' EXIT
    finish_incus7
    if ! find_pwsh; then
        say "" "NOT RUN: the tests in PowerShell (tests/Pester), because pwsh 7.6 or later is not installed."
    elif ! pwsh -NoLogo -NoProfile -NonInteractive -Command 'exit [int](-not (Get-Module Pester -ListAvailable | Where-Object Version -ge 5.5))'; then
        say "" "NOT RUN: the tests in PowerShell (tests/Pester), because the module Pester 5.5 or later is not installed."
    else
        begin_counted "Pester" pwsh -NoLogo -NoProfile -NonInteractive -File tests/Pester/run.ps1
    fi
    begin_counted "lab" tests/lab/check
    for project in tests/*/*.csproj; do
        ! grep -q '<IsTestProject>true' "$project" || run_xunit "$project"
    done
    if [ -n "$incus7_job" ] && [ -z "${LAB_NO_INCUS7-}" ] && [ "${LAB_INCUS:-6}" = 6 ]; then
        project=IncusCompose.Integration.Tests
        LAB_INCUS=7 run_xunit "tests/$project/$project.csproj" "$project on Incus 7" --filter "$(printf "FullyQualifiedName~$project.%s\n" "${incus7_core[@]}" | paste -sd '|')"
    fi
    [ -z "${counted_job[Pester]-}" ] || finish_counted "Pester"
    finish_counted "lab"
    if [ "$(id -u)" = 0 ]; then "$lab" sweep; fi
    [ ! -s "$unsteady" ] || { say "" "What passed only at its second try, and what it said at the first:"; cat "$unsteady"; }
    [ ! -s "$failures" ] || { say "" "What failed:"; cat "$failures"; }
    say ""
    say "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
    [ "$failed" = 0 ]
}

task_bench() {
    task_build
    need_sdk
    # incus-benchmark is what the figures are compared with.
    "$lab" install incus-benchmark:incus-extra
    "$lab" start bench --owner $$ >/dev/null
    trap '"$lab" stop bench' EXIT
    eval "$("$lab" env --export bench)"
    dotnet run --project tests/benchmarks --configuration Release -- "$@"
}

task_package() {
    local version to
    need_sdk
    version=$(sed -n "s/^ *ModuleVersion *= *'\(.*\)'.*/\1/p" IncusCompose.psd1)
    [ -n "$version" ] || die "IncusCompose.psd1 names no ModuleVersion."
    to=out/IncusCompose/$version
    rm -rf -- "$to"
    mkdir -p -- "$to"
    # Plain IL: it runs on every machine that has PowerShell.
    publish IncusCompose.PowerShell obj/stage/package-module
    publish IncusCompose.Yaml obj/stage/package-yaml
    stage_module obj/stage/package-module obj/stage/package-yaml "$to/bin"
    local part
    for part in IncusCompose.psd1 en-US schema README.md CHANGELOG.md LICENSE; do
        [ ! -e "$part" ] || cp -R -- "$part" "$to/"
    done
    # What was packaged must import, and parse a stack file with the parser that was packaged.
    ! find_pwsh || pwsh -NoLogo -NoProfile -NonInteractive -Command "\$ErrorActionPreference = 'Stop'; Import-Module './$to/IncusCompose.psd1'; \$null = Import-IncusStack '$stack'; \"imported: \$((Get-Command -Module IncusCompose).Count) cmdlets\"" ||
        die "The package does not import: see above."
    say "packaged: $to"
}

task_clean() {
    rm -rf bin obj out src/*/bin src/*/obj tests/*/bin tests/*/obj
}

task=${1:-build}
[ $# -eq 0 ] || shift
case $task in
build | quickstart | down | test | bench | package | clean) "task_$task" "$@" ;;
lab) exec "$lab" "$@" ;;
help | -h | --help) usage ;;
*)
    usage >&2
    die "There is no task \"$task\"."
    ;;
esac
