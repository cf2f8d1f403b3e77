BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Bridge = Get-BridgeName 'b'
    $script:File = Write-StackFile @"
name: kept
networks:
  $($Bridge): { config: { ipv4.address: $(Get-FreeSubnet 3).1/24, ipv6.address: none } }
volumes:
  data: {}
instances:
  db: { image: busybox, networks: [$Bridge], volumes: ["data:/data"] }
  web: { image: busybox, depends_on: [db], networks: [$Bridge] }
"@
    $null = Invoke-IncusCompose $File
    incus exec db -- sh -c 'head -c 100000 /dev/urandom >/data/file; sync'
    function Get-Digest { (incus exec db -- sha256sum /data/file) -split ' ' | Select-Object -First 1 }
    $script:Digest = Get-Digest
    # TestDrive is emptied after each block.
    $script:Drive = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) ([guid]::NewGuid()))).FullName
    $script:Folder = Join-Path $Drive 'kept'
}

AfterAll {
    Clear-Lab
    Remove-Item $Drive -Recurse -Force
}

Describe 'Backup-IncusStack' {
    It 'says what it would do, and does nothing' {
        $before = Get-ServerState
        $said = Invoke-Pwsh "Import-Module '$Manifest'; Get-IncusStack kept | Backup-IncusStack -Destination '$Folder' -WhatIf"
        $said | Should -Be "What if: Back up stack kept of project default on local to $Folder"
        Test-Path $Folder | Should -BeFalse
        Get-ServerState | Should -Be $before
    }

    It 'writes a directory with a manifest, and leaves nothing on the server' {
        $before = Get-ServerState
        $backup = Backup-IncusStack kept $Folder
        $backup | Should -BeOfType IncusCompose.Backups.StackBackup
        $backup.Path | Should -Be $Folder
        $backup.Instances | Should -Be 'db', 'web'
        $backup.Volumes | Should -Be 'data'
        Get-ServerState | Should -Be $before
        @(Get-Api '/1.0/instances/db/backups') | Should -BeNullOrEmpty
        $manifest = Get-Content -Raw "$Folder/manifest.json" | ConvertFrom-Json
        $manifest.stack | Should -Be 'kept'
        foreach ($member in $manifest.members) {
            (Get-FileHash "$Folder/$($member.file)").Hash | Should -Be $member.sha256
            (Get-Item "$Folder/$($member.file)").Length | Should -Be $member.size
            (Get-Item "$Folder/$($member.file)").UnixMode | Should -Be '-rw-------'
        }
        ($backup | Out-String) | Should -Match 'Stack +Project +Created +Size Instances Path'
    }

    It 'takes several stacks, each to a place of its own' {
        $archives = Get-IncusStack | Backup-IncusStack -Destination { Join-Path $Drive "$($_.Name).tar" } -NoSnapshot -Compression none
        $archives.Path | Should -Be (Join-Path $Drive 'kept.tar')
        $archives.Snapshots | Should -BeFalse
        tar -tf (Join-Path $Drive 'kept.tar') | Should -Contain 'instances/db.tar'
    }

    It 'overwrites nothing, and knows what is not there' {
        { Backup-IncusStack kept $Folder -ErrorAction Stop } | Should -Throw '*exists already*'
        Backup-IncusStack nosuch (Join-Path $Drive 'no') -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'StackNotFound,*'
        Test-Path (Join-Path $Drive 'no') | Should -BeFalse
    }
}

Describe 'Restore-IncusStack -From' {
    It 'makes nothing where names are taken' {
        $before = Get-ServerState
        Restore-IncusStack -From $Folder -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'StackConflict,*'
        $problem[0].Exception.Problems | Should -Contain 'instance/db exists already, of stack kept'
        Get-ServerState | Should -Be $before
    }

    It 'says what it would make, and makes nothing' {
        $null = Remove-IncusStack kept -RemoveVolumes -Confirm:$false
        $before = Get-ServerState
        $said = Invoke-Pwsh "Import-Module '$Manifest'; Restore-IncusStack -From '$Folder' -WhatIf"
        $said | Should -Be "What if: Restore stack kept into project default on local: network/$Bridge, volume/default/data, instance/db, instance/web"
        Get-ServerState | Should -Be $before
    }

    It 'makes the stack as it was' {
        $result = Restore-IncusStack -From $Folder
        $result | Should -BeOfType IncusCompose.Backups.StackCopyResult
        $result.Instances | Should -Be 'db', 'web'
        $result.NotStarted.Count | Should -Be 0
        Get-Digest | Should -Be $Digest
        (Compare-IncusStack $File).HasChanges | Should -BeFalse
        (Get-IncusStack kept).Running | Should -Be 2
        ($result | Out-String) | Should -Match 'Stack +Project +Server +Instances +Volumes +Time'
    }

    It 'takes what Backup-IncusStack returned, and starts nothing with -NoStart' {
        $backup = Backup-IncusStack kept (Join-Path $Drive 'again')
        $null = Remove-IncusStack kept -RemoveVolumes -Confirm:$false
        $result = $backup | Restore-IncusStack -NoStart -PoolMap @{ default = 'default' }
        $result.Stack | Should -Be 'kept'
        (Get-IncusStack kept).Running | Should -Be 0
    }

    It 'comes before a clone of it: Copy-IncusStack says what would be made, then makes it' {
        $null = Start-IncusInstance db, web
        $other = "$($Bridge)c"
        $before = Get-ServerState
        $words = "Copy-IncusStack kept twin -Rename @{ $Bridge = '$other' } -Address @{ $Bridge = '$(Get-FreeSubnet 4).1/24' }"
        $said = Invoke-Pwsh "Import-Module '$Manifest'; $words -WhatIf"
        $said | Should -Be "What if: Copy stack kept to stack twin in project default on local: network/$other (from network/$Bridge), volume/default/twin-data (from volume/default/data), instance/twin-db (from instance/db), instance/twin-web (from instance/web)"
        Get-ServerState | Should -Be $before
        $twin = Get-IncusStack kept | Copy-IncusStack -NewName twin -Rename @{ $Bridge = $other } -Address @{ $Bridge = "$(Get-FreeSubnet 4).1/24" }
        $twin | Should -BeOfType IncusCompose.Backups.StackCopyResult
        $twin.Instances | Should -Be 'twin-db', 'twin-web'
        (incus exec twin-db -- sha256sum /data/file) -split ' ' | Select-Object -First 1 | Should -Be $Digest
        (Get-Api '/1.0/instances/twin-db').config.'volatile.eth0.hwaddr' | Should -Not -Be (Get-Api '/1.0/instances/db').config.'volatile.eth0.hwaddr'
        (Compare-IncusStack $File).HasChanges | Should -BeFalse
        Copy-IncusStack kept twin -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'StackConflict,*'
        $null = Remove-IncusStack twin -RemoveVolumes -Confirm:$false
    }

    It 'finds out damage before anything is made' {
        Add-Content "$Folder/instances/db.json" ' '
        $before = Get-ServerState
        Restore-IncusStack -From $Folder -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'BackupUnusable,*'
        $problem[0].Exception.Message | Should -BeLike '*instances/db.json has * bytes instead of *'
        Get-ServerState | Should -Be $before
    }
}

Describe 'Copy-IncusStack -Refresh and -Checkpoint' {
    BeforeAll {
        $script:Words = @{ Rename = @{ $Bridge = "$($Bridge)c" }; Address = @{ $Bridge = "$(Get-FreeSubnet 4).1/24" } }
        if (-not (Get-IncusStack kept -ErrorAction Ignore)) { $null = Invoke-IncusCompose $File }
        $null = Start-IncusStack kept
        incus exec db -- sh -c 'echo then >/data/state; sync'
        $null = Checkpoint-IncusStack kept before
        incus exec db -- sh -c 'echo now >/data/state; sync'
    }

    AfterAll {
        Get-IncusStackCheckpoint | Remove-IncusStackCheckpoint -Confirm:$false
    }

    It 'copies the state of a checkpoint' {
        $copy = Copy-IncusStack kept then -Checkpoint before @Words
        $copy.Instances | Should -Be 'then-db', 'then-web'
        incus exec then-db -- cat /data/state | Should -Be 'then'
        incus exec db -- cat /data/state | Should -Be 'now'
        $null = Remove-IncusStack then -RemoveVolumes -Confirm:$false
        $copy = Get-IncusStackCheckpoint kept before | Copy-IncusStack -NewName then -NoStart @Words
        $copy.Stack | Should -Be 'then'
        $copy.Instances | Should -Be 'then-db', 'then-web'
        $null = Remove-IncusStack then -RemoveVolumes -Confirm:$false
        Copy-IncusStack kept then -Checkpoint nosuch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'CheckpointFailed,*'
        $problem[0].Exception.Message | Should -Be 'Stack "kept" has no checkpoint "nosuch"; its checkpoints: before.'
    }

    It 'makes a copy that stays stopped, and brings it up to date' {
        $null = Copy-IncusStack kept spare -Refresh @Words
        (Get-IncusStack spare).Running | Should -Be 0
        incus exec db -- sh -c 'echo later >/data/state; sync'
        $said = Invoke-Pwsh "Import-Module '$Manifest'; Copy-IncusStack kept spare -Refresh -Rename @{ $Bridge = '$($Bridge)c' } -WhatIf"
        $said | Should -BeLike '*instance/spare-db (from instance/db) again, instance/spare-web (from instance/web) again'
        $again = Get-IncusStack kept | Copy-IncusStack -NewName spare -Refresh @Words
        $again.Resources.IsRenewed | Should -Not -Contain $false
        $null = Start-IncusInstance spare-db
        incus exec spare-db -- cat /data/state | Should -Be 'later'
        Copy-IncusStack kept spare -Refresh @Words -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'StackConflict,*'
        $problem[0].Exception.Problems | Should -Be 'instance/spare-db is running there: stop it first; what it wrote since will be lost'
        $null = Remove-IncusStack spare -RemoveVolumes -Confirm:$false
    }
}
