BeforeDiscovery {
    $script:NoImage = -not (Select-String -Quiet -Pattern '^ID=debian$' -Path /etc/os-release)
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force

    # What a repairing watch shows from the moment on at which an instance is healthy and gets broken, until it is healthy again.
    function Watch-Repair {
        param([string] $Stack, [string] $Instance, [scriptblock] $Break)
        $seen = [System.Collections.Generic.List[object]]::new()
        $broken = $false
        $null = Watch-IncusStack $Stack -Repair -For 90 | ForEach-Object {
            $seen.Add($_)
            if ($_.Name -eq $Instance -and $_.Health -eq 'Healthy' -and -not $_.Message) {
                if ($_.Restarts) { $_ } elseif (-not $broken) { & $Break; $broken = $true }
            }
        } | Select-Object -First 1
        $seen
    }
}

AfterAll { Clear-Lab }

Describe 'Three tiers' {
    BeforeAll {
        # A service that takes a second to begin, notes when it does, and once killed stays away until the instance starts again.
        $tier = @'
image: busybox
    environment: { RUN: "test -e /dev/begun || { touch /dev/begun; sleep 1; echo | ts %.s >/dev/serves; httpd -f -p 80 -h /srv/hello; }" }
    healthcheck: { tcp: 80, interval: 300ms, retries: 2, start_period: 20s }
'@
        $script:File = Write-StackFile @"
name: tiers
instances:
  front:
    $tier
    depends_on: { logic: { condition: healthy } }
  logic:
    $tier
    depends_on: { data: { condition: healthy } }
  data:
    $tier
"@
    }

    It 'come up in the order of their health' {
        $results = Invoke-IncusCompose $File -Wait -ErrorAction Stop
        $results.Outcome | Should -Be 'Done', 'Done', 'Done'
        # The server's word against the guests': all have one clock.
        $time = @{}
        foreach ($name in 'data', 'logic', 'front') {
            $time[$name] = @{
                Created = ([DateTimeOffset](Get-Api "/1.0/instances/$name").created_at).ToUnixTimeMilliseconds() / 1000
                Serves = [double](incus exec $name -- cat /dev/serves).Trim()
            }
        }
        $time.logic.Created | Should -BeGreaterThan $time.data.Serves
        $time.front.Created | Should -BeGreaterThan $time.logic.Serves
    }

    It 'show a service that is killed, and get it back' {
        $pids = 'data', 'front' | ForEach-Object { (Get-Api "/1.0/instances/$_/state").pid }
        $seen = Watch-Repair -Stack tiers -Instance logic -Break { incus exec logic -- killall httpd }
        $seen[-1] | ForEach-Object { "$($_.Name) $($_.Status) $($_.Health) $($_.Restarts)" } | Should -Be 'logic Running Healthy 1'
        ($seen | Where-Object Health -EQ 'Unhealthy')[0].Message | Should -Match '^restarting: 10\.\S+:80: Connection refused$'
        $seen | Where-Object { $_.Name -ne 'logic' -and $_.Restarts } | Should -BeNullOrEmpty
        'data', 'front' | ForEach-Object { (Get-Api "/1.0/instances/$_/state").pid } | Should -Be $pids
    }

    It 'end in time where a check cannot succeed, with what it wrote, what the console shows, and what was not begun' {
        $file = Write-StackFile @'
name: sick
instances:
  sickdata:
    image: busybox
    environment: { RUN: "test -e /dev/begun || { touch /dev/begun; echo 'version 7 is wanted, 6 was found' >/dev/console; }; sleep 100" }
    healthcheck: { test: "echo 'schema 6, not 7'; echo 'run the migration first' >&2; exit 3", interval: 1s, retries: 3 }
  sickfront: { image: busybox, depends_on: { sickdata: { condition: healthy } } }
'@
        $results = Invoke-IncusCompose $file -ErrorAction SilentlyContinue -ErrorVariable problems
        $results | ForEach-Object { "$($_.Id) $($_.Outcome)" } | Should -Be 'instance/sickdata Failed', 'instance/sickfront Skipped'
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'NotReady,*'
        "$($problems[0])" | Should -Be @'
instance/sickdata: sickdata did not become healthy (success of echo) within 3 s: exit status 3; its output: schema 6, not 7
run the migration first
the end of its console:
  version 7 is wanted, 6 was found
'@
        $results[1].Message | Should -Be 'not begun, since instance/sickdata is not ready (waited for healthy (success of echo))'
        Get-Api '/1.0/instances' | Should -Not -Contain '/1.0/instances/sickfront'
    }
}

# The system image of the lab is built on Debian only.
Describe 'A service of systemd' -Skip:$NoImage {
    It 'that is killed shows, and is repaired' {
        $file = Write-StackFile @"
name: unit
instances:
  unit1:
    image: $(Import-SystemImage)
    cloud_init:
      user_data:
        write_files:
        - path: /etc/systemd/system/web.service
          content: "[Service]\nExecStart=/usr/bin/python3 -m http.server 80 --directory /srv\n[Install]\nWantedBy=multi-user.target\n"
        runcmd: [[systemctl, enable, --now, web]]
    healthcheck: { http: { port: 80 }, interval: 1s, start_period: 40s, retries: 2 }
"@
        $null = Invoke-IncusCompose $file -Wait -ErrorAction Stop
        $seen = Watch-Repair -Stack unit -Instance unit1 -Break { incus exec unit1 -- systemctl kill --signal=KILL web }
        "$($seen[-1].Health) $($seen[-1].Restarts)" | Should -Be 'Healthy 1'
        ($seen | Where-Object Health -EQ 'Unhealthy')[0].Message | Should -Match '^restarting: 10\.\S+:80: Connection refused$'
        incus exec unit1 -- systemctl is-active web | Should -Be 'active'
    }
}
