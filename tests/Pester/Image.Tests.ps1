BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:File = Write-StackFile @'
name: made
instances:
  web: { image: busybox }
'@
    $null = Invoke-IncusCompose $File
    incus exec web -- sh -c 'echo first >/srv/page; sync'
}

AfterAll {
    Get-IncusStackCheckpoint | Remove-IncusStackCheckpoint -Confirm:$false
    Clear-Lab
    Get-Api '/1.0/images?recursion=1' | Where-Object { $_.aliases.name -notcontains 'busybox' } | ForEach-Object { incus image delete $_.fingerprint }
}

Describe 'Publish-IncusImage' {
    It 'says what it would do, and does nothing' {
        $before = Get-ServerState
        Invoke-Pwsh "Import-Module '$Manifest'; Publish-IncusImage web golden -WhatIf" |
            Should -Be 'What if: Make image golden from instance web in project default on local'
        Get-ServerState | Should -Be $before
        @(Get-Api '/1.0/images/aliases') | Should -Be '/1.0/images/aliases/busybox'
    }

    It 'makes an image of an instance that goes on running' {
        $image = Publish-IncusImage web golden -Property @{ description = 'Web server' } -Compression none
        $image | Should -BeOfType IncusCompose.Publishing.PublishedImage
        $image.Aliases | Should -Be 'golden'
        $image.Properties['description'] | Should -Be 'Web server'
        $image.Properties['os'] | Should -Be 'busybox'
        $image.Server | Should -Be 'local'
        (Get-Api "/1.0/images/$($image.Fingerprint)").aliases.name | Should -Be 'golden'
        (Get-Api '/1.0/instances/web').status | Should -Be 'Running'
        @(Get-Api '/1.0/instances/web/snapshots') | Should -BeNullOrEmpty
        ($image | Out-String) | Should -Match 'Aliases +Fingerprint +Source +Type +Project +Server +Size'
    }

    It 'takes an instance from the pipeline' {
        $image = Get-IncusInstance web | Publish-IncusImage -Alias piped -Compression none
        $image.Aliases | Should -Be 'piped'
        incus image delete $image.Fingerprint
    }

    It 'moves an alias only with -Force' {
        Publish-IncusImage web golden -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'PublishRefused,*'
        incus exec web -- sh -c 'echo second >/srv/page; sync'
        $image = Publish-IncusImage web golden, newest -Force
        $image.Aliases | Should -Be 'golden', 'newest'
    }

    It 'makes an image of a checkpoint by name and by the pipeline, and a stack is made from it' {
        $null = Checkpoint-IncusStack made good
        incus exec web -- sh -c 'echo later >/srv/page; sync'
        (Publish-IncusImage web by-name -Checkpoint good -Stack made).Aliases | Should -Be 'by-name'
        # Packed in the same second it is the very same image, and has both names.
        (Get-IncusStackCheckpoint made good | Publish-IncusImage web by-pipe).Aliases | Should -Contain 'by-pipe'
        $null = Invoke-IncusCompose (Write-StackFile "name: copies`ninstances: { one: { image: by-name }, two: { image: by-pipe } }")
        incus exec one -- cat /srv/page | Should -Be 'second'
        incus exec two -- cat /srv/page | Should -Be 'second'
    }

    It 'knows what is not there' {
        Publish-IncusImage nosuch x -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'PublishRefused,*'
        Publish-IncusImage web x -Snapshot nosuch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -BeLike 'Instance "web" has no snapshot "nosuch"*'
        Publish-IncusImage web x -Checkpoint nosuch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'CheckpointFailed,*'
        @(Get-Api '/1.0/images/aliases') | Should -Not -Contain '/1.0/images/aliases/x'
    }
}
