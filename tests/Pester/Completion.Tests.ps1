BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    incus init busybox web1
    incus init busybox web2
    incus init busybox 'db'
    incus profile create small
    incus project create other -c features.images=false -c features.profiles=false
    incus init busybox elsewhere --project other

    function Complete { param([string] $Line) (TabExpansion2 $Line $Line.Length).CompletionMatches }
}

AfterAll {
    incus delete elsewhere --project other
    incus project delete other
    Clear-Lab
}

Describe 'Completion' {
    It 'offers the instances of the live server' {
        (Complete 'Stop-IncusInstance we').CompletionText | Should -Be 'web1', 'web2'
        (Complete 'Get-IncusInstance -Name ').CompletionText | Should -Be 'db', 'web1', 'web2'
    }

    It 'says what each is in a tool tip' {
        (Complete 'Get-IncusInstance db').ToolTip | Should -Be 'container, Stopped'
    }

    It 'understands wildcards' {
        (Complete 'Get-IncusInstance *b2').CompletionText | Should -Be 'web2'
    }

    It 'keeps the quotes that were begun' {
        (Complete "Get-IncusInstance 'web1").CompletionText | Should -Be "'web1'"
        (Complete 'Get-IncusInstance "web1').CompletionText | Should -Be '"web1"'
    }

    It 'looks in the project that the command line names' {
        (Complete 'Get-IncusInstance -Project other -Name e').CompletionText | Should -Be 'elsewhere'
    }

    It 'offers projects, profiles, networks, images and remotes' {
        (Complete 'Get-IncusInstance -Project o').CompletionText | Should -Be 'other'
        (Complete 'New-IncusInstance x -Profile s').CompletionText | Should -Be 'small'
        (Complete "New-IncusInstance x -Network $env:LAB_BRIDGE").CompletionText | Should -Be $env:LAB_BRIDGE
        (Complete 'New-IncusInstance x -Image busy').CompletionText | Should -Be 'busybox'
        (Complete 'New-IncusInstance x -Image images:u').CompletionText | Should -Be 'images:ubuntu/24.04/cloud'
        (Complete 'Get-IncusInstance -Remote lo').CompletionText | Should -Be 'local'
    }

    It 'offers the stacks that are up' {
        $file = Write-StackFile "name: completed`ninstances:`n  one: { image: busybox }"
        $null = Invoke-IncusCompose $file
        try {
            (Complete 'Get-IncusStack comp').CompletionText | Should -Be 'completed'
            (Complete 'Remove-IncusStack comp').CompletionText | Should -Be 'completed'
            (Complete 'Get-IncusInstance -Stack comp').CompletionText | Should -Be 'completed'
        } finally {
            incus delete --force one
        }
    }

    It 'is silent where the server does not answer' {
        $before = $Error.Count
        $watch = [Diagnostics.Stopwatch]::StartNew()
        (Complete 'Get-IncusInstance -Remote /no/such.socket -Name ').CompletionText | Where-Object { $_ -match 'web' } | Should -BeNullOrEmpty
        $Error.Count | Should -Be $before
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 2
    }
}
