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
        ($listed | Where-Object Name -EQ box1).MemoryUsage | Should -BeGreaterThan 0
        ($listed | Where-Object Name -EQ box3).State | Should -BeNullOrEmpty
        (Get-IncusInstance box1 -SkipState).State | Should -BeNullOrEmpty
        'box1', 'box3' | Get-IncusInstance | ForEach-Object Status | Should -Be 'Running', 'Stopped'
        Get-IncusServer | Get-IncusInstance box1 | ForEach-Object Name | Should -Be 'box1'
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

    It 'is gone when an ephemeral one has stopped' {
        Start-IncusInstance box3
        Stop-IncusInstance box3 -Force -PassThru | Should -BeNullOrEmpty
        @(Get-Api '/1.0/instances?recursion=1') | Should -BeNullOrEmpty
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
