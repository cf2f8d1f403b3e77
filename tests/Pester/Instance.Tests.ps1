BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
}

AfterAll { Clear-Lab }

Describe 'An instance without a stack' {
    It 'is created and started' {
        $made = New-IncusInstance box1, box2 busybox -Cpu 1 -Memory 64MiB -Config @{ 'user.flag' = $true } -Environment @{ MODE = 'test' } -Network $env:LAB_BRIDGE
        $made | Should -BeOfType IncusCompose.PowerShell.IncusInstance
        $made.Name | Sort-Object | Should -Be 'box1', 'box2'
        $live = Get-Api '/1.0/instances/box1'
        $live.status | Should -Be 'Running'
        $live.config.'limits.memory' | Should -Be '64MiB'
        $live.config.'limits.cpu' | Should -Be '1'
        $live.config.'user.flag' | Should -Be 'true'
        $live.config.'environment.MODE' | Should -Be 'test'
        $live.devices.'eth0'.network | Should -Be $env:LAB_BRIDGE
        $live.config.Keys | Where-Object { $_ -like 'user.incus-compose.*' } | Should -BeNullOrEmpty
    }

    It 'is created without being started, with devices, ephemeral' {
        $null = New-IncusInstance box3 -Image busybox -NoStart -Ephemeral -Device @{ tmp = @{ type = 'disk'; source = '/tmp'; path = '/mnt/tmp' } } -Description 'the third'
        $live = Get-Api '/1.0/instances/box3'
        $live.status | Should -Be 'Stopped'
        $live.ephemeral | Should -BeTrue
        $live.description | Should -Be 'the third'
        $live.devices.tmp.path | Should -Be '/mnt/tmp'
    }

    It 'lets somebody in by SSH' {
        ssh-keygen -q -t ed25519 -N '' -C tester -f $TestDrive/id
        $null = New-IncusInstance box6 busybox -NoStart -SshUser ann -SshKey $TestDrive/id.pub
        Push-Location $TestDrive
        $null = New-IncusInstance box7 busybox -NoStart -SshKey (Get-Content id.pub -Raw), ./id.pub
        Pop-Location
        $key = (Get-Content $TestDrive/id.pub -Raw).Trim()
        foreach ($made in ('box6', 'ann'), ('box7', 'cloud')) {
            $name, $user = $made
            $config = (Get-Api "/1.0/instances/$name").config
            $config.'cloud-init.vendor-data' | Should -BeLike "#cloud-config*- name: `"$user`"*- `"$key`"*"
            ($config.'user.incus-compose.ssh' | ConvertFrom-Json).User | Should -Be $user
        }
        incus delete box6 box7
        { New-IncusInstance box6 busybox -SshKey $TestDrive/id } | Should -Throw '-SshKey: the file * holds a private key; name the public one*'
        { New-IncusInstance box6 busybox -SshUser 'A B' } | Should -Throw "-SshUser: *A B* cannot be a user's name*"
    }

    It 'comes in its own words: names from the pipeline' {
        'box4', 'box5' | New-IncusInstance -Image busybox -NoStart | ForEach-Object Name | Sort-Object | Should -Be 'box4', 'box5'
        incus delete box4 box5
    }

    It 'has an address when it has been waited for' {
        $instance = Wait-IncusInstance box1 -For Address -Timeout 20
        $instance.Ipv4 | Should -HaveCount 1
        $expected = (Get-Api '/1.0/instances/box1/state').network.eth0.addresses | Where-Object { $_.scope -eq 'global' } | ForEach-Object address
        $instance.Ipv4 | Should -Be $expected
    }

    It 'is listed with its state, and faster without' {
        $listed = Get-IncusInstance box*
        $listed.Name | Should -Be 'box1', 'box2', 'box3'
        if ($CountsUsage) { ($listed | Where-Object Name -EQ box1).MemoryUsage | Should -BeGreaterThan 0 }
        ($listed | Where-Object Name -EQ box3).State | Should -BeNullOrEmpty
        (Get-IncusInstance box1 -SkipState).State | Should -BeNullOrEmpty
        'box1', 'box3' | Get-IncusInstance | ForEach-Object Status | Should -Be 'Running', 'Stopped'
        Get-IncusServer | Get-IncusInstance box1 | ForEach-Object Name | Should -Be 'box1'
    }

    It 'is named by what has its name: <What>' -ForEach @(
        @{ What = 'a record'; Record = { [pscustomobject]@{ Name = 'box1' } } }
        @{ What = 'a record with its project and server'; Record = { [pscustomobject]@{ Name = 'box1'; Project = 'default'; Server = 'local' } } }
        @{ What = 'JSON'; Record = { '{"name": "box1"}' | ConvertFrom-Json } }
        @{ What = 'what is left of an object'; Record = { Get-IncusInstance box1 | Select-Object Name, Project, Server } }
    ) {
        & $Record | Get-IncusInstance | ForEach-Object Name | Should -Be 'box1'
        & $Record | Wait-IncusInstance -Timeout 10 | ForEach-Object Name | Should -Be 'box1'
        & $Record | Invoke-IncusCommand -Command hostname | ForEach-Object Instance | Should -Be 'box1'
        & $Record | Stop-IncusInstance -WhatIf
    }

    It 'is not found where a record says so, and not guessed where it says nothing' {
        { [pscustomobject]@{ Name = 'box1'; Project = 'nosuch' } | Get-IncusInstance -ErrorAction Stop } | Should -Throw '*nosuch*'
        # What comes in a table is a name, not a pattern.
        { [pscustomobject]@{ Name = 'box*' } | Stop-IncusInstance -Force -ErrorAction Stop } | Should -Throw -ErrorId 'InstanceNotFound,*'
        { [pscustomobject]@{ Title = 'box1' } | Get-IncusInstance -ErrorAction Stop } | Should -Throw -ErrorId 'InputObjectNotBound,*'
    }

    It 'stops, starts and restarts, and is returned with -PassThru' {
        Get-IncusInstance box1, box2 | Stop-IncusInstance -Force | Should -BeNullOrEmpty
        (Get-Api '/1.0/instances/box1').status, (Get-Api '/1.0/instances/box2').status | Should -Be 'Stopped', 'Stopped'
        (Start-IncusInstance box1 -PassThru).Status | Should -Be 'Running'
        $before = (Get-Api '/1.0/instances/box1/state').pid
        (Restart-IncusInstance box1 -Force -PassThru).Status | Should -Be 'Running'
        (Get-Api '/1.0/instances/box1/state').pid | Should -Not -Be $before
        (Restart-IncusInstance box2 -PassThru).Status | Should -Be 'Running'
    }

    It 'is left alone where it is as it should be' {
        $before = (Get-Api '/1.0/instances/box1/state').pid
        Start-IncusInstance box1 -Verbose 4>&1 | Should -Match 'runs already'
        (Get-Api '/1.0/instances/box1/state').pid | Should -Be $before
        Stop-IncusInstance box3 -Verbose 4>&1 | Should -Match 'stopped already'
    }

    It 'is resumed by Start-IncusInstance where it is frozen' {
        incus pause box2
        Start-IncusInstance box2
        (Get-Api '/1.0/instances/box2').status | Should -Be 'Running'
    }

    It 'is waited for by events: until it has stopped' {
        $job = Start-ThreadJob {
            Import-Module $using:Manifest
            Wait-IncusInstance box2 -For Status -Status Stopped -Timeout 30
        }
        incus stop --force box2
        ($job | Receive-Job -Wait).Status | Should -Be 'Stopped'
    }

    It 'is not removed while it runs, unless by force' {
        Remove-IncusInstance box1 -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems[0].FullyQualifiedErrorId | Should -Be 'InstanceRunning,IncusCompose.PowerShell.Commands.RemoveIncusInstanceCommand'
        (Get-Api '/1.0/instances/box1').status | Should -Be 'Running'
        Remove-IncusInstance box1, box2 -Force -Confirm:$false
        (Get-Api '/1.0/instances?recursion=1').name | Should -Be 'box3'
    }

    It 'that is not there is removed without an error' {
        Remove-IncusInstance box1, nothere -Confirm:$false -Verbose 4>&1 | Should -BeLike 'There is no instance *: nothing to remove.'
        { Remove-IncusInstance box1 -Project nowhere -Confirm:$false -ErrorAction Stop } | Should -Throw '*no project*'
        Remove-IncusInstance nothing* -Confirm:$false
    }

    It 'is gone when an ephemeral one has stopped' {
        Start-IncusInstance box3
        Stop-IncusInstance box3 -Force -PassThru | Should -BeNullOrEmpty
        @(Get-Api '/1.0/instances?recursion=1') | Should -BeNullOrEmpty
    }
}

Describe 'What outlives an instance' {
    BeforeAll {
        $script:Data = Join-Path $TestDrive data
        incus storage volume create default kept
        $script:Asked = @{ Name = 'keeper'; Image = 'busybox'; Persist = "$($Data):/data"; Volume = 'kept:/vol'; Memory = '64MiB' }
    }

    It 'is a folder that is made, with the numbers of the instance, and a volume' {
        (New-IncusInstance @Asked).Name | Should -Be keeper
        incus exec keeper -- sh -c 'head -c 100000 /dev/urandom >/data/a; head -c 1000 /dev/urandom >/vol/b; chown 1234 /data/a'
        stat -c '%u' $Data "$Data/a" | Should -Be 0, 1234
        $script:Digest = incus exec keeper -- sha256sum /data/a /vol/b
    }

    It 'is an instance that is there already, as it is' {
        $before = (Get-Api '/1.0/instances/keeper/state').pid
        (New-IncusInstance @Asked -WarningVariable warnings).Name | Should -Be keeper
        $warnings | Should -BeNullOrEmpty
        (New-IncusInstance keeper busybox -Cpu 1 -WarningVariable warnings -WarningAction SilentlyContinue -Verbose 4>&1)[-1].Status | Should -Be Running
        $warnings | Should -Be 'Instance keeper is there already and kept as it is, which is not as asked for: config.limits.cpu.'
        (Get-Api '/1.0/instances/keeper/state').pid | Should -Be $before
    }

    It 'stays when the instance goes, and is there when it is made again' {
        Remove-IncusInstance keeper -Force -Confirm:$false -Verbose 4>&1 | Select-Object -Last 1 | Should -Be "Kept volume default/kept, folder $Data."
        $null = New-IncusInstance @Asked
        incus exec keeper -- sha256sum /data/a /vol/b | Should -Be $Digest
        Remove-IncusInstance keeper -Force -KeepData -Confirm:$false
        Test-Path $Data/a | Should -BeTrue
    }

    It 'goes with it only where that is said, and the question says what goes' {
        $null = New-IncusInstance @Asked
        Invoke-Pwsh "Import-Module '$Manifest'; Remove-IncusInstance keeper -Force -RemoveData -WhatIf" | Should -BeLike "*Remove instance keeper (*) with its data: volume default/kept, folder $Data"
        Remove-IncusInstance keeper -Force -RemoveData -Confirm:$false
        Test-Path $Data | Should -BeFalse
        (Get-Api '/1.0/storage-pools/default/volumes?recursion=1' | Where-Object type -EQ custom).name | Should -BeNullOrEmpty
        { Remove-IncusInstance keeper -KeepData -RemoveData } | Should -Throw '*Parameter set*'
    }

    It 'is refused where it cannot be meant' {
        { New-IncusInstance wrong busybox -Persist data:/data } | Should -Throw '-Persist: *data* is no path on the host*'
        { New-IncusInstance wrong busybox -Persist /srv/x } | Should -Throw '-Persist: *only one of the two paths*'
        { New-IncusInstance wrong busybox -Volume kept } | Should -Throw '-Volume: *says what, but not where*'
        { New-IncusInstance wrong busybox -Volume none:/x -ErrorAction Stop } | Should -Throw '*there is no volume "none"*'
    }
}

Describe 'A command in an instance' {
    BeforeAll { $null = New-IncusInstance cmd1, cmd2 busybox }

    It 'returns output, error output and exit status apart' {
        $result = Invoke-IncusCommand cmd1 -- sh -c 'echo out; echo err >&2; exit 3'
        $result | Should -BeOfType IncusCompose.PowerShell.IncusCommandResult
        $result.StandardOutput | Should -Be "out`n"
        $result.StandardError | Should -Be "err`n"
        $result.ExitCode | Should -Be 3
        $result.Succeeded | Should -BeFalse
        "$result" | Should -Be "out`n"
    }

    It 'streams lines as they come, and ends the command when nobody wants more' {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        Invoke-IncusCommand cmd1 -Stream -- sh -c 'echo a; sleep 321; echo b' | Select-Object -First 1 | Should -Be 'a'
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 5
        # Incus signals the program itself; what that had begun (the sleep) is not its to end.
        incus exec cmd1 -- ps | Select-String 'echo a' | Should -BeNullOrEmpty
    }

    It 'streams every line once, and standard error and the exit status as errors' {
        $lines = Invoke-IncusCommand cmd1 -Stream -ErrorVariable problems -ErrorAction SilentlyContinue -- sh -c 'echo ä; echo; printf last; echo oops >&2; exit 3'
        $lines | Should -Be 'ä', '', 'last'
        @($problems | ForEach-Object { "$_" }) | Should -Be 'oops', 'sh in instance cmd1 ended with exit status 3.'
    }

    It 'reads lines of the pipeline as its standard input' {
        ('first', 'zweite Zeile ä' | Invoke-IncusCommand cmd1 cat).StandardOutput | Should -Be "first`nzweite Zeile ä`n"
        (Invoke-IncusCommand cmd1 -Command wc, -c -InputObject ([byte[]](1..200))).StandardOutput.Trim() | Should -Be '200'
    }

    It 'has environment, user and working directory' {
        $result = Invoke-IncusCommand cmd1 -Command sh, -c, 'echo $GREETING; id -u; id -g; pwd' -Environment @{ GREETING = 'a b' } -User 1000 -Group 1001 -WorkingDirectory /tmp
        $result.StandardOutput -split "`n" | Select-Object -First 4 | Should -Be 'a b', '1000', '1001', '/tmp'
    }

    It 'runs in every instance of a pipeline' {
        $results = Get-IncusInstance cmd* | Invoke-IncusCommand -Command hostname
        $results | Sort-Object Instance | ForEach-Object { $_.StandardOutput.Trim() } | Should -Be 'cmd1', 'cmd2'
        (Invoke-IncusCommand cmd* hostname).Instance | Sort-Object | Should -Be 'cmd1', 'cmd2'
    }

    It 'does not stop the others where an instance is stopped' {
        incus stop --force cmd2
        $results = Invoke-IncusCommand cmd1, cmd2 hostname -ErrorVariable problems -ErrorAction SilentlyContinue
        $results.Instance | Should -Be 'cmd1'
        $problems | Should -HaveCount 1
        $problems[0].TargetObject | Should -Be 'cmd2'
    }
}
