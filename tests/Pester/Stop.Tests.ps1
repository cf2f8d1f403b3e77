BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $null = New-IncusInstance stop1, stop2, stop3 busybox

    # Runs a script as a prompt would, and stops it as Ctrl+C does as soon as something is seen.
    function Measure-Stop {
        param([string] $Script, [scriptblock] $When)
        $shell = [powershell]::Create().AddScript("Import-Module '$Manifest'; $Script")
        $running = $shell.BeginInvoke()
        while (-not (& $When $shell) -and -not $running.IsCompleted) { [Threading.Thread]::Yield() | Out-Null }
        $running.IsCompleted | Should -BeFalse -Because "the script is to be stopped while it runs: $($shell.Streams.Error.ReadAll())"
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $clock.Elapsed
        $shell.Dispose()
    }
}

AfterAll { Clear-Lab }

Describe 'Select-Object -First' {
    It 'gets what it wants and ends the command' {
        (Get-IncusInstance | Select-Object -First 1).Name | Should -Be 'stop1'
        (Get-IncusServer | Get-IncusInstance | Select-Object -First 2).Name | Should -Be 'stop1', 'stop2'
    }

    It 'ends work that is under way' {
        # The first result is there at once; the others would take a minute.
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $first = 'stop1', 'stop2', 'stop3' | Invoke-IncusCommand stop1, stop2 -Command sh, -c, 'test $(hostname) = stop1 || sleep 60' | Select-Object -First 1
        $first.Instance | Should -Be 'stop1'
        $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
    }
}

Describe 'Ctrl+C' {
    It 'ends a wait within two seconds' {
        (Measure-Stop 'Wait-IncusInstance stop1 -Status Stopped -Timeout 600 -Verbose' { param($shell) $shell.Streams.Verbose.Count -gt 0 }).TotalSeconds | Should -BeLessThan 2
    }

    It 'ends a command in an instance within two seconds, and the command too' {
        $elapsed = Measure-Stop 'Invoke-IncusCommand stop1 -- sleep 1234' { incus exec stop1 -- ps | Select-String 'sleep 1234' }
        $elapsed.TotalSeconds | Should -BeLessThan 2
        $until = [DateTime]::UtcNow.AddSeconds(10)
        while ((incus exec stop1 -- ps | Select-String 'sleep 1234') -and [DateTime]::UtcNow -lt $until) { [Threading.Thread]::Yield() | Out-Null }
        incus exec stop1 -- ps | Select-String 'sleep 1234' | Should -BeNullOrEmpty
    }

    It 'ends the shutting down of an instance that does not listen, within two seconds' {
        # Nothing in it reacts to the power signal.
        $null = New-IncusInstance deaf busybox
        $elapsed = Measure-Stop 'Stop-IncusInstance deaf -Timeout 600' { @(Get-Api '/1.0/operations?recursion=1').Count -gt 0 }
        $elapsed.TotalSeconds | Should -BeLessThan 2
    }

    It 'ends an apply within two seconds, and a second apply carries on' {
        $instances = 1..12 | ForEach-Object { "  many$($_): { image: busybox }" }
        $file = Write-StackFile "name: many`ninstances:`n$($instances -join "`n")"
        $elapsed = Measure-Stop "Invoke-IncusCompose '$file' -ThrottleLimit 1" { @(Get-Api '/1.0/instances?recursion=1').name -like 'many*' }
        $elapsed.TotalSeconds | Should -BeLessThan 2
        @(@(Get-Api '/1.0/instances?recursion=1').name -like 'many*').Count | Should -BeLessThan 12
        (Invoke-IncusCompose $file).Outcome | Should -Not -Contain 'Failed'
        @(@(Get-Api '/1.0/instances?recursion=1') | Where-Object { $_.name -like 'many*' -and $_.status -eq 'Running' }).Count | Should -Be 12
    }
}
