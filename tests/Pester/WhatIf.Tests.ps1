BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Bridge = Get-BridgeName 'w'
    $script:Yaml = @"
name: whatif
networks:
  $($Bridge): { config: { ipv4.address: $(Get-FreeSubnet 1).1/24, ipv6.address: none } }
instances:
  one: { image: busybox, networks: [$Bridge], config: { user.note: "1" } }
  two: { image: busybox, networks: [$Bridge], depends_on: [one] }
"@
    $script:File = Write-StackFile $Yaml

    # What -WhatIf says goes to the host: a PowerShell of its own shows it.
    function WhatIf { param([string] $Command) Invoke-Pwsh "Import-Module '$Manifest'; $Command" }
}

AfterAll { Clear-Lab }

Describe '-WhatIf' {
    It 'tells every planned change in order, and makes none' {
        $before = Get-ServerState
        $said = WhatIf "Invoke-IncusCompose '$File' -WhatIf" | Where-Object { $_ -match '^What if' }
        $said | Should -Be "What if: + network/$($Bridge): create", 'What if: + instance/one: create', 'What if: + instance/two: create'
        Get-ServerState | Should -Be $before
    }

    It 'tells the properties of a change in place, and makes none' {
        $null = Invoke-IncusCompose $File
        $changed = Write-StackFile ($Yaml -replace 'user.note: "1"', 'user.note: "2"')
        $before = Get-ServerState
        WhatIf "Compare-IncusStack '$changed' | Invoke-IncusCompose -WhatIf" | Should -Be 'What if: ~ instance/one: change', '        ~ config.user.note: 1 -> 2'
        Get-ServerState | Should -Be $before
    }

    It 'takes nothing down' {
        $before = Get-ServerState
        $said = WhatIf 'Get-IncusStack whatif | Remove-IncusStack -WhatIf'
        $said | Should -Contain 'What if: - instance/one: delete'
        $said | Should -Contain "What if: - network/$($Bridge): delete"
        [array]::IndexOf($said, 'What if: - instance/two: delete') | Should -BeLessThan ([array]::IndexOf($said, 'What if: - instance/one: delete'))
        Get-ServerState | Should -Be $before
    }

    It 'touches no instance by <Command>' -TestCases @(
        @{ Command = 'Stop-IncusInstance one, two'; Said = 'Stop instance one (project default on local)' }
        @{ Command = 'Stop-IncusInstance one -Force'; Said = 'Kill instance one (project default on local)' }
        @{ Command = 'Restart-IncusInstance one'; Said = 'Restart instance one (project default on local)' }
        @{ Command = 'Remove-IncusInstance t*'; Said = 'Remove instance two (project default on local)' }
        @{ Command = 'New-IncusInstance three busybox'; Said = 'Create and start instance three from busybox (project default on local)' }
        @{ Command = 'Invoke-IncusCommand one touch /changed'; Said = 'Run touch in instance one (project default on local)' }
    ) {
        $before = Get-ServerState
        WhatIf "$Command -WhatIf" | Should -Contain "What if: $Said"
        Get-ServerState | Should -Be $before
        incus exec one -- ls / | Should -Not -Contain 'changed'
    }

    It 'leaves a stopped instance stopped' {
        incus stop --force two
        $before = Get-ServerState
        WhatIf 'Start-IncusInstance two -WhatIf' | Should -Be 'What if: Start instance two (project default on local)'
        Get-ServerState | Should -Be $before
    }
}

Describe '-Confirm' {
    It 'is asked for what destroys, and is an error where nobody can be asked' {
        $before = Get-ServerState
        { Invoke-Pwsh "Import-Module '$Manifest'; Remove-IncusInstance one" } | Should -Throw '*NonInteractive*'
        { Invoke-Pwsh "Import-Module '$Manifest'; Remove-IncusStack whatif" } | Should -Throw '*NonInteractive*'
        Get-ServerState | Should -Be $before
    }

    It 'is not asked for what does not destroy' {
        Invoke-Pwsh "Import-Module '$Manifest'; Start-IncusInstance two"
        (Get-Api '/1.0/instances/two').status | Should -Be 'Running'
    }
}
