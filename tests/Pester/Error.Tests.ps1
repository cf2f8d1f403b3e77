BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    incus init busybox real
    incus init busybox owned -c user.incus-compose.stack=shop -c user.incus-compose.project=default -c user.incus-compose.resource=instance/owned

    function Fail {
        param([string] $Script)
        try { & ([scriptblock]::Create($Script)) } catch { return $_ }
        throw 'The command did not fail.'
    }
}

AfterAll { Clear-Lab }

Describe 'An error' {
    It 'of <Command> is <Id>, <Category>, and says what to do' -TestCases @(
        @{ Command = 'Get-IncusInstance nope'; Id = 'InstanceNotFound'; Category = 'ObjectNotFound'; Target = 'nope'; Action = 'Get-IncusInstance' }
        @{ Command = 'Stop-IncusInstance nope'; Id = 'InstanceNotFound'; Category = 'ObjectNotFound'; Target = 'nope'; Action = 'Get-IncusInstance' }
        @{ Command = 'Get-IncusStack nope'; Id = 'StackNotFound'; Category = 'ObjectNotFound'; Target = 'nope'; Action = 'Get-IncusStack' }
        @{ Command = 'Import-IncusStack *.nothing'; Id = 'FileNotFound'; Category = 'ObjectNotFound'; Target = '*.nothing'; Action = 'pattern' }
        @{ Command = 'Wait-IncusInstance real -Timeout 0.2'; Id = 'NotReady'; Category = 'OperationTimeout'; Target = 'real'; Action = '-Timeout' }
        @{ Command = 'Get-IncusInstance -Remote /no/such.socket'; Id = 'DaemonNotFound'; Category = 'ResourceUnavailable'; Target = $null; Action = 'INCUS_SOCKET' }
        @{ Command = 'Get-IncusServer nowhere'; Id = 'NotFound'; Category = 'ObjectNotFound'; Target = 'nowhere'; Action = 'incus remote' }
        @{ Command = 'New-IncusInstance owned busybox'; Id = 'InstanceExists'; Category = 'ResourceExists'; Target = 'owned'; Action = 'another name' }
        @{ Command = 'New-IncusInstance new nonexistent'; Id = 'MissingImage'; Category = 'InvalidArgument'; Target = 'new'; Action = 'incus image list' }
        @{ Command = 'Invoke-IncusCompose -RemoveVolumes'; Id = 'ParameterMissing'; Category = 'InvalidArgument'; Target = $null; Action = '-Prune' }
        @{ Command = 'Remove-IncusStack x -RemovePools'; Id = 'ParameterMissing'; Category = 'InvalidArgument'; Target = $null; Action = '-RemoveVolumes' }
        @{ Command = 'Invoke-IncusCommand real hostname'; Id = 'RequestRefused'; Category = 'InvalidArgument'; Target = 'real'; Action = $null }
    ) {
        $problem = Fail "$Command -ErrorAction Stop"
        $problem.FullyQualifiedErrorId | Should -Match "^$Id,IncusCompose\.PowerShell\.Commands\.\w+Command$"
        $problem.CategoryInfo.Category | Should -Be $Category
        $problem.TargetObject | Should -Be $Target
        $problem.ErrorDetails.RecommendedAction | Should -Match ([regex]::Escape("$Action"))
        $problem.ErrorDetails.Message | Should -Not -BeNullOrEmpty
    }

    It 'of a wait says what was waited for and what is instead' {
        (Fail 'Wait-IncusInstance real -Timeout 0.2 -ErrorAction Stop').ErrorDetails.Message -split "`n" |
            Should -Be 'real did not get status Running within 0.2 s: its status is Stopped', 'its console has said nothing since it was last read'
    }

    It 'about one name does not stop the others' {
        $found = Get-IncusInstance nope, real, neither -ErrorVariable problems -ErrorAction SilentlyContinue
        $found.Name | Should -Be 'real'
        $problems.TargetObject | Should -Be 'nope', 'neither'
    }

    It 'about one new instance does not stop the others' {
        $made = New-IncusInstance owned, fresh busybox -NoStart -ErrorVariable problems -ErrorAction SilentlyContinue
        $made.Name | Should -Be 'fresh'
        $problems.TargetObject | Should -Be 'owned'
        $problems.CategoryInfo.Category | Should -Be 'ResourceExists'
        $problems.ErrorDetails.Message | Should -BeLike '*belongs to the stack "shop"*'
    }

    It 'stops the pipeline with -ErrorAction Stop' {
        $seen = @()
        { 'real', 'nope', 'real' | Get-IncusInstance -ErrorAction Stop | ForEach-Object { $seen += $_.Name } } | Should -Throw '*nope*'
        { Get-IncusInstance nope -ErrorAction Stop } | Should -Throw -ExceptionType ([Incus.Client.IncusNotFoundException])
    }

    It 'of a connection ends the command' {
        $problem = Fail 'Get-IncusInstance -Remote /no/such.socket'
        $problem.Exception | Should -BeOfType Incus.Client.IncusUnreachableException
    }

    It 'of a failed change comes after all results, and a second apply carries on' {
        $file = Write-StackFile @"
name: halfway
instances:
  good: { image: busybox }
  bad: { image: busybox, devices: { gone: { type: disk, source: /no/such/folder, path: /mnt } } }
  after: { image: busybox, depends_on: [bad] }
"@
        $results = Invoke-IncusCompose $file -ErrorVariable problems -ErrorAction SilentlyContinue
        ($results | Where-Object Name -EQ good).Outcome | Should -Be 'Done'
        ($results | Where-Object Name -EQ bad).Outcome | Should -Be 'Failed'
        ($results | Where-Object Name -EQ after).Outcome | Should -Be 'Skipped'
        $problems | Should -HaveCount 1
        $problems[0].TargetObject.Name | Should -Be 'bad'
        $problems[0].ErrorDetails.Message | Should -Match '^instance/bad: .*/no/such/folder'
        (Fail "Invoke-IncusCompose '$file' -ErrorAction Stop").TargetObject.Name | Should -Be 'bad'
        Set-Content $file ((Get-Content -Raw $file) -replace '/no/such/folder', '/tmp')
        (Invoke-IncusCompose $file).Outcome | Should -Not -Contain 'Failed'
        (Get-Api '/1.0/instances/after').status | Should -Be 'Running'
    }

    It 'of a refused change names the switch' {
        $file = Write-StackFile "name: refused`nvolumes:`n  v1: { content_type: filesystem }"
        $null = Invoke-IncusCompose $file
        Set-Content $file "name: refused`nvolumes:`n  v1: { content_type: block }"
        $before = Get-ServerState
        $problem = Fail "Invoke-IncusCompose '$file' -ErrorAction Stop"
        $problem.FullyQualifiedErrorId | Should -BeLike 'PlanRefused,*'
        $problem.ErrorDetails.Message | Should -Match 'AllowReplace'
        Get-ServerState | Should -Be $before
    }
}

Describe 'An argument that makes no sense' {
    It 'is refused before anything happens: <Command>' -TestCases @(
        @{ Command = "Get-IncusInstance ''" }
        @{ Command = 'Stop-IncusInstance real -ThrottleLimit 0' }
        @{ Command = 'New-IncusInstance x busybox -Device @{ d = 1 } -NoStart' }
        @{ Command = 'Wait-IncusInstance real -Status Dancing' }
        @{ Command = 'Wait-IncusInstance real -For Http -Port 80 -HttpPath nopath' }
        @{ Command = 'Stop-IncusInstance real -Timeout soon' }
        @{ Command = 'Stop-IncusInstance real -Timeout -5' }
        @{ Command = '$null | Stop-IncusInstance' }
    ) {
        $before = Get-ServerState
        Fail "$Command -ErrorAction Stop" | Should -Not -BeNullOrEmpty
        Get-ServerState | Should -Be $before
    }

    It 'is a limit by the rules of the stack file, even where no server is: <Parameter> <Value>' -TestCases @(
        @{ Parameter = 'Memory'; Value = 'lots'; Accepted = '512MiB' }
        @{ Parameter = 'Memory'; Value = '120%'; Accepted = '20%' }
        @{ Parameter = 'Memory'; Value = '512m'; Accepted = '512MiB' }
        @{ Parameter = 'Cpu'; Value = 'x'; Accepted = '0-3,6' }
        @{ Parameter = 'Disk'; Value = '5parsecs'; Accepted = '10GiB' }
    ) {
        $problem = Fail "New-IncusInstance x busybox -Remote /no/such.socket -$Parameter $Value"
        $problem.FullyQualifiedErrorId | Should -BeLike 'ArgumentInvalid,*'
        "$problem" | Should -Match "^-${Parameter}: .*$Value.*$Accepted"
    }

    It 'is an object of another kind, which is told what would do: <Command>' -TestCases @(
        @{ Command = '1, 2 | Invoke-IncusCompose'; Says = 'no stack file.*Import-IncusStack' }
        @{ Command = '[datetime]::Now | Compare-IncusStack'; Says = 'no stack file.*Import-IncusStack' }
    ) {
        "$(Fail "$Command -ErrorAction Stop")" | Should -Match $Says
    }
}
