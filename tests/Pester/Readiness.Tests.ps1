BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:File = Write-StackFile @"
name: waits
instances:
  sick: { image: busybox, healthcheck: { exec: [test, -e, /tmp/up], interval: 1s, retries: 1 } }
  well: { image: busybox, ready: [ipv4, "tcp:80"] }
"@
    function Invoke-WebServer { incus exec well -- sh -c 'mkdir -p /www && echo fine > /www/health && httpd -p 80 -h /www' }
}

AfterAll { Clear-Lab }

Describe 'Readiness and health' {
    It 'is waited for by an apply, which fails where it does not come' {
        $results = Invoke-IncusCompose $File -Wait -WaitTimeout 1 -ErrorAction SilentlyContinue -ErrorVariable problems
        $results | Where-Object Kind -EQ instance | ForEach-Object Outcome | Should -Be 'Failed', 'Failed'
        $results.IsNotReady | Should -Not -Contain $false
        $problems.FullyQualifiedErrorId | Should -BeLike 'NotReady,*'
        $problems.ErrorDetails.RecommendedAction | Should -BeLike '*give it more time with -WaitTimeout.'
        "$problems" | Should -Match 'instance/sick: sick did not become healthy \(success of test\) within [0-9.]+ s: exit status 1, without output'
        "$problems" | Should -Match 'instance/well: well did not get an open TCP port 80 within [0-9.]+ s: \S+:80: Connection refused'
    }

    It 'leads on to what is done about it' {
        Get-IncusStackHealth waits | Where-Object Health -EQ Unhealthy | Wait-IncusInstance -Timeout 10 | ForEach-Object Name | Should -Be 'sick'
        Watch-IncusStack waits | Select-Object -First 1 | Wait-IncusInstance -Timeout 10 | ForEach-Object Name | Should -Be 'sick'
    }

    It 'is seen from the stack''s name alone' {
        $health = Get-IncusStackHealth waits
        $health | Should -BeOfType IncusCompose.Readiness.InstanceHealth
        $health.Name | Should -Be 'sick', 'well'
        $health.Health | Should -Be 'Unhealthy', 'Unchecked'
        $health.IsReady | Should -Be $false, $false
        $health[1].Message | Should -BeLike 'not an open TCP port 80: *'
    }

    It 'is shown as a table' {
        $PSStyle.OutputRendering = 'PlainText'
        (Get-IncusStackHealth waits | Out-String -Width 140) -split "`n" | Where-Object { $_ -match '^Name' } | Should -Match '^Name\s+Stack\s+Status\s+Health\s+Ready\s+Addresses\s+Message\s*$'
    }

    It 'fails a wait for the stack in the time that was given, with an error for each instance' {
        $null = Wait-IncusStack waits -Timeout 0.5 -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems | Should -HaveCount 2
        $problems[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
    }

    It 'ends a wait as soon as it has come' {
        incus exec sick touch /tmp/up
        Invoke-WebServer
        $found = Get-IncusStack waits | Wait-IncusStack -Timeout 30
        $found.IsReady | Should -Be $true, $true
        (Wait-IncusStack -Path $File).Health | Should -Be 'Healthy', 'Unchecked'
        (Get-IncusStackHealth -LiteralPath $File).Health | Should -Be 'Healthy', 'Unchecked'
        (Get-Item $File | Get-IncusStackHealth).Health | Should -Be 'Healthy', 'Unchecked'
        ([pscustomobject]@{ Name = 'waits' } | Get-IncusStackHealth).Health | Should -Be 'Healthy', 'Unchecked'
        (Invoke-IncusCompose $File -Wait).Outcome | Select-Object -Unique | Should -Be 'Unchanged'
    }

    It 'is waited for of one instance: <Condition.For>' -ForEach @(
        @{ Condition = @{ For = 'Address'; AddressFamily = 'Ipv4'; Nic = 'eth0' } }
        @{ Condition = @{ For = 'Agent' } }
        @{ Condition = @{ For = 'Tcp'; Port = 80 } }
        @{ Condition = @{ For = 'Http'; Port = 80; HttpPath = '/health' } }
        @{ Condition = @{ For = 'Ready' } }
        @{ Condition = @{ For = 'Status', 'Address', 'Ready' } }
    ) {
        (Wait-IncusInstance well @Condition -Timeout 20).Name | Should -Be 'well'
        (Wait-IncusInstance sick -For Healthy -Timeout 20).Name | Should -Be 'sick'
    }

    It 'says what is missing: <Condition.For>' -ForEach @(
        @{ Condition = @{ For = 'Ssh'; Port = 81 }; Message = 'well did not get an answer of SSH at port 81 within 0.5 s: *:81: Connection refused; it has no SSH server; choose an image that has one, *' }
        @{ Condition = @{ For = 'Http'; Port = 80; HttpPath = '/none' }; Message = 'well did not get HTTP status 200-399 of /none at port 80 within 0.5 s: *: status 404 Not Found' }
        @{ Condition = @{ For = 'CloudInit' }; Message = 'well did not get the end of cloud-init: its image has no cloud-init; *' }
        @{ Condition = @{ For = 'Healthy' }; Message = 'well did not become healthy: it has no health check' }
        @{ Condition = @{ For = 'Guest' }; Message = 'well did not get the guest''s own word that it is ready within 0.5 s: *' }
        @{ Condition = @{ For = 'Address'; Nic = 'eth7' }; Message = 'well did not get an address on eth7 within 0.5 s: it has no interface eth7, only eth0, lo' }
    ) {
        Wait-IncusInstance well @Condition -Timeout 0.5 -ErrorAction SilentlyContinue -ErrorVariable problem
        ($problem[0].ErrorDetails.Message -split "`n")[0] | Should -BeLike $Message
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'NotReady,*'
    }

    It 'needs a port where it asks one: <_>' -ForEach 'Tcp', 'Http' {
        { Wait-IncusInstance well -For $_ -ErrorAction Stop } | Should -Throw "*-For $_ needs -Port*"
    }

    It 'is followed for as long as is said, each instance when it changes' {
        $seen = Watch-IncusStack waits -For 2
        $seen | Should -BeOfType IncusCompose.Watching.InstanceStatus
        $seen.Name | Sort-Object -Unique | Should -Be 'sick', 'well'
        ($seen | Where-Object Name -EQ sick)[-1].Health | Should -Be 'Healthy'
        (Watch-IncusStack -Path $File -For 3 -Usage | Where-Object CpuPercent -GE 0).Count | Should -BeGreaterThan 1
    }

    It 'ends a watch when the pipeline has had enough' {
        (Get-IncusStack waits | Watch-IncusStack | Select-Object -First 1).Stack | Should -Be 'waits'
    }

    It 'is followed together with other stacks' {
        $other = Write-StackFile "name: more`ninstances: { extra: { image: busybox } }" more.yaml
        $null = Invoke-IncusCompose $other
        (Get-IncusStack waits, more | Watch-IncusStack -For 2).Stack | Sort-Object -Unique | Should -Be 'more', 'waits'
        # Each goes on until all have been seen.
        $seen = @{}
        'more', 'waits' | Watch-IncusStack -Usage | Where-Object { -not $seen[$_.Stack] } | ForEach-Object { $seen[$_.Stack] = $true; $_ } | Select-Object -First 2
        $seen.Keys | Sort-Object | Should -Be 'more', 'waits'
        { 'waits', 'nosuch' | Watch-IncusStack -For 1 -ErrorAction Stop } | Should -Throw -ErrorId 'StackNotFound,*'
    }

    It 'is repaired by a watch of the file: a stopped instance is started again' {
        incus stop --force well
        $seen = Watch-IncusStack -LiteralPath $File -Repair | Where-Object { $_.Name -eq 'well' -and $_.Status -eq 'Running' } | Select-Object -First 1
        $seen.Name | Should -Be 'well'
        incus stop --force well
        $null = Watch-IncusStack -LiteralPath $File -Repair -For 1 -WhatIf
        (Get-Api '/1.0/instances/well').status | Should -Be 'Stopped'
    }

    It 'of a stack that is not there is an error' {
        { Get-IncusStackHealth nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'StackNotFound,*'
        { Wait-IncusStack nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'StackNotFound,*'
        { Watch-IncusStack nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'StackNotFound,*'
    }
}
