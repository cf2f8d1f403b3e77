BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Other = "$($env:LAB_NAME)far"
    # A second Incus that answers HTTPS, as one on another machine would.
    $null = & $Lab start $Other --https --owner $PID
    $script:Address = (& $Lab env $Other | Where-Object { $_ -match '^LAB_HTTPS' }) -replace '^[^=]+='
    # The user's own Incus configuration, empty at first.
    $script:Configuration = $env:INCUS_CONF
    $env:INCUS_CONF = Join-Path $TestDrive 'conf'
    $null = New-Item -ItemType Directory $env:INCUS_CONF
    Import-Module $Manifest -Force
}

AfterAll {
    $env:INCUS_CONF = $Configuration
    & $Lab stop $Other
}

Describe 'A server' {
    It 'is the local one where nothing else is said' {
        $server = Get-IncusServer
        $server | Should -BeOfType IncusCompose.PowerShell.IncusServer
        $server.Name | Should -Be 'local'
        $server.Project | Should -Be 'default'
        $server.Version | Should -Be (Get-Api '/1.0').environment.server_version
        $server.IsDefault | Should -BeTrue
    }

    It 'is found again by its socket' {
        $server = Connect-IncusServer -Socket $env:INCUS_SOCKET
        $server.Address | Should -Be "unix://$env:INCUS_SOCKET"
        (Get-IncusServer).Name | Should -Be $env:INCUS_SOCKET
        Connect-IncusServer | ForEach-Object Name | Should -Be 'local'
    }

    It 'is another one as soon as the environment says so' {
        Invoke-Pwsh @"
Import-Module '$Manifest'
(Get-IncusServer).Name
`$env:INCUS_SOCKET = '/no/such.socket'
try { Get-IncusServer } catch { `$_.FullyQualifiedErrorId -replace ',.*' }
"@ | Should -Be 'local', 'DaemonNotFound'
    }

    It 'is the same one after its daemon was killed and started again' {
        $null = Get-IncusInstance
        & $Lab kill $env:LAB_NAME
        try { Get-IncusInstance } catch { $problem = $_ }
        $null = & $Lab restart $env:LAB_NAME
        $problem.FullyQualifiedErrorId | Should -BeLike 'DaemonNotRunning,*'
        (Get-IncusServer).Version | Should -Not -BeNullOrEmpty
        Get-IncusInstance | Should -BeNullOrEmpty
    }

    It 'makes no use of a token with -WhatIf' {
        $token = & $Lab token $Other unused | Select-Object -Last 1
        $before = incus remote list -f csv
        Connect-IncusServer far -Token $token -WhatIf | Should -BeNullOrEmpty
        incus remote list -f csv | Should -Be $before
        # A token is good for one use: this one still is.
        (& $Lab exec $Other -- config trust list-tokens -f csv) -join ' ' | Should -Match 'unused'
    }

    It 'trusts this user after a token, and is a remote from then on' {
        $token = & $Lab token $Other pester | Select-Object -Last 1
        $server = Connect-IncusServer far -Token $token
        $server.Name | Should -Be 'far'
        $server.AuthMethod | Should -Be 'tls'
        $server.Address | Should -Match '^https://'
        # Incus's own command reads the same configuration.
        incus remote list -f csv | Where-Object { $_ -match '^far' } | Should -Match 'https://'
        incus query far:/1.0 | ConvertFrom-Json | ForEach-Object auth | Should -Be 'trusted'
        (Get-IncusServer *).Name | Should -Be 'far', 'local'
    }

    It 'is the default for this runspace alone' {
        (Get-IncusServer).Name | Should -Be 'far'
        Invoke-Pwsh "Import-Module '$Manifest'; (Get-IncusServer).Name" | Should -Be 'local'
        $null = Connect-IncusServer local
        (Get-IncusServer far).IsDefault | Should -BeFalse
    }

    It 'is where its objects lead back to' {
        $null = New-IncusInstance there busybox -Remote far -NoStart
        $instance = Get-IncusInstance there -Remote far
        $instance.Server | Should -Be 'far'
        ($instance | Start-IncusInstance -PassThru).Status | Should -Be 'Running'
        (Get-IncusServer far | Get-IncusInstance).Name | Should -Be 'there'
        Get-IncusInstance | Should -BeNullOrEmpty
        $instance | Invoke-IncusCommand -Command hostname | ForEach-Object { $_.StandardOutput.Trim() } | Should -Be 'there'
        $instance | Remove-IncusInstance -Force -Confirm:$false
        incus query 'far:/1.0/instances' | ConvertFrom-Json | Should -BeNullOrEmpty
    }

    It 'is where a plan leads back to' {
        $file = Write-StackFile "name: away`nremote: far`ninstances:`n  out: { image: busybox }"
        $plan = Compare-IncusStack $file
        $plan.Server | Should -Be 'far'
        $null = $plan | Invoke-IncusCompose
        incus query 'far:/1.0/instances/out' | ConvertFrom-Json | ForEach-Object status | Should -Be 'Running'
        Get-IncusStack | Should -BeNullOrEmpty
        $null = Get-IncusStack -Remote far | Remove-IncusStack -Confirm:$false
        incus query 'far:/1.0/instances' | ConvertFrom-Json | Should -BeNullOrEmpty
    }

    It 'is found by a plan from another runspace too' {
        $file = Write-StackFile "name: handed`nremote: far`ninstances:`n  over: { image: busybox }"
        $plan = Compare-IncusStack $file
        $results = Start-ThreadJob { Import-Module $using:Manifest; $using:plan | Invoke-IncusCompose } | Receive-Job -Wait
        $results.Outcome | Should -Be 'Done'
        incus query 'far:/1.0/instances/over' | ConvertFrom-Json | ForEach-Object status | Should -Be 'Running'
        $null = Remove-IncusStack handed -Remote far -Confirm:$false
    }

    It 'is not given twice the same name' {
        $token = & $Lab token $Other again | Select-Object -Last 1
        { Connect-IncusServer far -Token $token } | Should -Throw -ErrorId 'Conflict,IncusCompose.PowerShell.Commands.ConnectIncusServerCommand'
    }

    It 'needs a token that is one, and does not repeat it' {
        try { Connect-IncusServer new -Token 'c2VjcmV0' } catch { $problem = $_ }
        $problem.FullyQualifiedErrorId | Should -Be 'ArgumentInvalid,IncusCompose.PowerShell.Commands.ConnectIncusServerCommand'
        "$problem $($problem.Exception)" | Should -Not -Match 'c2VjcmV0'
    }

    It 'that has no project of a name says so: <_>' -TestCases @(
        'Get-IncusInstance'
        'Get-IncusInstance x'
        'Get-IncusStack'
        'Stop-IncusInstance x*'
        'New-IncusInstance x busybox'
    ) {
        try { & ([scriptblock]::Create("$_ -Project nowhere -ErrorAction Stop")) } catch { $problem = $_ }
        $problem.FullyQualifiedErrorId | Should -BeLike 'ProjectNotFound,*'
        $problem.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem.ErrorDetails.Message | Should -Match 'There is no project .nowhere.'
        $problem.ErrorDetails.RecommendedAction | Should -Match 'incus project create nowhere'
    }
}
