BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Bridge = Get-BridgeName 'c'
    $script:File = Write-StackFile @"
name: kept
networks:
  $($Bridge): { config: { ipv4.address: $(Get-FreeSubnet 3).1/24, ipv6.address: none } }
volumes:
  keptdata: {}
instances:
  keptdb:
    image: busybox
    networks: [$Bridge]
    volumes: ["keptdata:/data"]
    snapshots: { schedule: "@yearly", expiry: 1d }
    hooks: { pre_checkpoint: echo in order, post_checkpoint: { host: 'echo `$`$INCUS_COMPOSE_HOOK >>told' } }
  keptweb: { image: busybox, networks: [$Bridge], depends_on: [keptdb] }
"@
    $null = Invoke-IncusCompose $File
    incus exec keptdb -- sh -c 'echo one >/data/word'
    Push-Location $TestDrive
    function Word { incus exec keptdb -- cat /data/word }
}

AfterAll {
    Pop-Location
    Get-IncusStackCheckpoint | Remove-IncusStackCheckpoint -Confirm:$false
    Clear-Lab
}

Describe 'Checkpoints' {
    It 'are only told under -WhatIf' {
        $before = Get-ServerState
        Invoke-Pwsh "Import-Module '$Manifest'; Checkpoint-IncusStack kept first -WhatIf" | Should -Be 'What if: Take checkpoint first of stack kept (project default on local)'
        Get-ServerState | Should -Be $before
    }

    It 'are taken of a stack and listed' {
        $taken = Checkpoint-IncusStack kept first -Description 'before the upgrade' -Quiesce -AllowHostHooks -Verbose 4>&1
        "$($taken[0..($taken.Count - 2)])" | Should -BeLike '*instance/keptdb: pre_checkpoint: in order*instance/keptdb: freezing*instance/keptdb: snapshot*'
        Get-Content told | Should -Be 'post_checkpoint'
        $taken = $taken[-1]
        $taken | Should -BeOfType IncusCompose.Checkpoints.StackCheckpoint
        $taken.Instances | Should -Be 'keptdb', 'keptweb'
        $taken.Volumes | Should -Be 'keptdata'
        ($taken.IsLive, $taken.IsComplete, $taken.IsQuiesced, $taken.KeepsCopies) | Should -Be $true, $true, $true, $true
        (Get-IncusStack kept | Get-IncusStackCheckpoint).Name | Should -Be 'first'
        (incus snapshot list keptdb -f csv) | Should -Match '^first,'
        (Get-Api '/1.0/instances/keptdb/snapshots/first').expires_at | Should -Be ([datetime]::MinValue)
        (Get-Api '/1.0/instances/keptdb').config.'snapshots.pattern' | Should -Be "snapshot-{{ creation_date|date:'20060102-1504' }}"
        (Get-Api '/1.0/instances/keptdb').status | Should -Be 'Running'
    }

    It 'keep copies that are no machines, unless named' {
        $copy = (incus list -f csv -c n) -like 'keptdb-checkpoint-*'
        $copy | Should -HaveCount 1
        (Get-IncusInstance).Name | Should -Be 'keptdb', 'keptweb'
        (Get-IncusInstance -AllProjects -SkipState).Name | Should -Be 'keptdb', 'keptweb'
        (Get-IncusInstance kept*).Name | Should -Be 'keptdb', 'keptweb'
        (Get-IncusInstance $copy).Name | Should -Be $copy
        (Export-IncusInventory | Out-String) | Should -Not -BeLike '*checkpoint*'
        incus init busybox beside
        try {
            foreach ($line in 'Stop-IncusStack kept -Instance ', 'Get-IncusStackLog kept -Instance ', 'Restore-IncusStack kept first -Instance ', 'Get-IncusInstance -Stack kept -Name ', 'Publish-IncusImage -Checkpoint first -Instance ') {
                (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'keptdb', 'keptweb' -Because $line
            }
            (TabExpansion2 'Get-IncusInstance ' 18).CompletionMatches.CompletionText | Should -Be 'beside', 'keptdb', 'keptweb'
        } finally {
            incus delete beside
        }
    }

    It 'are known by stack files too' {
        (Checkpoint-IncusStack -LiteralPath $File -Checkpoint plain -SnapshotsOnly).KeepsCopies | Should -BeFalse
        (Checkpoint-IncusStack -Path $File -WhatIf:$false).Name | Should -Match '^\d{8}-\d{6}$'
        Get-IncusStackCheckpoint kept p*, 2* | Remove-IncusStackCheckpoint -Confirm:$false
        (Get-IncusStackCheckpoint kept).Name | Should -Be 'first'
    }

    It 'are a tree, with the live one marked' {
        incus exec keptdb -- sh -c 'echo two >/data/word'
        $null = Checkpoint-IncusStack kept second
        Restore-IncusStack kept first -Confirm:$false | Where-Object Outcome -NotIn Done, Unchanged | Should -BeNullOrEmpty
        Word | Should -Be 'one'
        $null = Checkpoint-IncusStack kept third
        $all = Get-IncusStackCheckpoint kept
        $all.Name | Should -Be 'first', 'second', 'third'
        $all.Parent | Should -Be $null, 'first', 'first'
        ($all | Where-Object IsLive).Name | Should -Be 'third'
        $PSStyle.OutputRendering = 'PlainText'
        ($all | Out-String -Width 120) -split "`n" -match 'kept' -replace '\s+\d{4}.*' | Should -Be 'first', '├─ second', '└─ third *'
    }

    It 'bring back what was deleted, and no change is left to make' {
        incus delete --force keptdb
        incus storage volume delete default keptdata
        $said = Invoke-Pwsh "Import-Module '$Manifest'; Get-IncusStackCheckpoint kept second | Restore-IncusStack -WhatIf"
        $said | Should -Contain '        volume/default/keptdata: create again from the kept copy'
        $said | Should -Contain '        instance/keptweb: roll back, then start'
        $results = Get-IncusStackCheckpoint kept second | Restore-IncusStack -Confirm:$false
        ($results | Where-Object Action -EQ Recreate).Id.Name | Should -Be 'keptdata', 'keptdb'
        Word | Should -Be 'two'
        (Compare-IncusStack $File).HasChanges | Should -BeFalse
    }

    It 'are restored in part' {
        incus exec keptweb -- touch /new
        incus exec keptdb -- touch /new
        $results = Restore-IncusStack (Import-IncusStack $File) third -Instance keptweb -Confirm:$false
        $results.Id.Name | Should -Be 'keptweb'
        incus exec keptweb -- ls / | Should -Not -Contain 'new'
        incus exec keptdb -- ls / | Should -Contain 'new'
        Restore-IncusStack -Name kept -Checkpoint third -WhatIf | Should -BeNullOrEmpty
    }

    It 'say what is wrong' {
        Restore-IncusStack kept nosuch -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'CheckpointNotFound,*'
        "$problem" | Should -BeLike '*first, second, third*'
        Checkpoint-IncusStack kept first -ErrorAction SilentlyContinue -ErrorVariable problem
        "$problem" | Should -BeLike '*has a checkpoint "first" already*'
        Checkpoint-IncusStack kept hooked -Quiesce -ErrorAction SilentlyContinue -ErrorVariable problem
        "$problem" | Should -BeLike '*keptdb: its hook post_checkpoint would run commands on this machine; allow it with -AllowHostHooks*'
        incus snapshot create keptweb foreign
        Checkpoint-IncusStack kept foreign -ErrorAction SilentlyContinue -ErrorVariable problem
        "$problem" | Should -BeLike '*instance/keptweb: there is a snapshot "foreign" already, which is none of a checkpoint; choose another name*'
        incus snapshot delete keptweb foreign
        Checkpoint-IncusStack nosuchstack -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'CheckpointFailed,*'
        { Restore-IncusStack kept first -Instance keptdb -Prune } | Should -Throw '*does not go with*'
        { Invoke-Pwsh "Import-Module '$Manifest'; Restore-IncusStack kept first" } | Should -Throw '*NonInteractive*'
        { Invoke-Pwsh "Import-Module '$Manifest'; Remove-IncusStackCheckpoint kept first" } | Should -Throw '*NonInteractive*'
    }

    It 'are completed by name' {
        (TabExpansion2 'Restore-IncusStack kept s').CompletionMatches.CompletionText | Should -Be 'second'
        (TabExpansion2 'Remove-IncusStackCheckpoint kept th').CompletionMatches.CompletionText | Should -Be 'third'
    }

    It 'go by number and age, the live one never' {
        Restore-IncusStack kept first -Confirm:$false | Should -Not -BeNullOrEmpty
        Remove-IncusStackCheckpoint kept -OlderThan 3600 -Confirm:$false
        (Get-IncusStackCheckpoint kept).Name | Should -Be 'first', 'second', 'third'
        Remove-IncusStackCheckpoint kept -KeepLast 1 -Confirm:$false
        (Get-IncusStackCheckpoint kept).Name | Should -Be 'first', 'third'
        Remove-IncusStackCheckpoint kept -KeepLast 0 -Confirm:$false
        (Get-IncusStackCheckpoint kept).Name | Should -Be 'first'
        Remove-IncusStackCheckpoint kept first -Confirm:$false
        Get-IncusStackCheckpoint | Should -BeNullOrEmpty
        incus list -f csv -c n | Should -Be 'keptdb', 'keptweb'
    }

    It 'outlive the stack, which is said, and bring it back' {
        $null = Checkpoint-IncusStack kept last
        $before = Compare-IncusStack $File
        Remove-IncusStack kept -RemoveVolumes -Confirm:$false -WarningVariable warned -WarningAction SilentlyContinue | Out-Null
        "$warned" | Should -BeLike '*checkpoints of the stack stay on the server: last*'
        Get-IncusStack kept -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Restore-IncusStack kept last -Confirm:$false | Where-Object Outcome -NE Done | Should -BeNullOrEmpty
        Word | Should -Be 'one'
        (Compare-IncusStack $File).HasChanges | Should -BeFalse
        $before.HasChanges | Should -BeFalse
    }
}
