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

    It 'offers pools, volumes, network interfaces, snapshots and words' {
        (Complete 'New-IncusInstance x -StoragePool de').CompletionText | Should -Be 'default'
        incus storage volume create default kept-data
        (Complete 'New-IncusInstance x -Volume kept').CompletionText | Should -Be 'kept-data:'
        incus storage volume delete default kept-data
        incus start web1
        (Complete 'Wait-IncusInstance web1 -For Address -Nic ').CompletionText | Should -Be 'eth0'
        incus stop --force web1
        incus snapshot create web1 before
        (Complete 'Publish-IncusImage web1 -Snapshot ').CompletionText | Should -Be 'before'
        incus snapshot delete web1 before
        (Complete 'Publish-IncusImage web1 -Compression z').CompletionText | Should -Be 'zstd'
        (Complete 'Export-IncusInventory -ConnectionPlugin ').CompletionText | Should -Be 'community.general.incus', 'community.general.lxd'
    }

    It 'offers the words that activate instances of a stack file, with their names' {
        $file = Write-StackFile "name: words`ninstances:`n  a: { image: busybox, activate: [debug, full] }`n  b: { image: busybox, activate: full }`n  c: { image: busybox }"
        $offered = Complete "Compare-IncusStack '$file' -Activate "
        $offered.CompletionText | Should -Be 'debug', 'full'
        $offered.ToolTip | Should -Be 'a', 'a, b'
        Push-Location (Split-Path $file)
        try { (Complete 'Import-IncusStack -Activate f').CompletionText | Should -Be 'full' } finally { Pop-Location }
    }

    It 'offers what a stack has: replicas, what is updated, checkpoints' {
        $null = Invoke-IncusCompose (Write-StackFile "name: offered`ninstances:`n  off: { image: busybox, replicas: 2 }`n  single: { image: busybox }")
        try {
            (Complete 'Set-IncusStackScale offered ').CompletionText | Should -Be 'off='
            (Complete 'Set-IncusStackScale offered -Scale o').ToolTip | Should -Be '2 replicas'
            (Complete 'Invoke-IncusCompose -Update off').CompletionText | Should -Be 'off', 'off-1', 'off-2'
            $null = Checkpoint-IncusStack offered first
            (Complete 'Remove-IncusStackCheckpoint offered ').CompletionText | Should -Be 'first'
            Get-IncusStackCheckpoint offered | Remove-IncusStackCheckpoint -Confirm:$false
        } finally {
            incus delete --force off-1 off-2 single
        }
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
