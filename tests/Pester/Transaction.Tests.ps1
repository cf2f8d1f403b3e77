BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:First = Write-StackFile @"
name: allornone
volumes: { txdata: {} }
instances:
  txdb: { image: busybox, volumes: ["txdata:/data"], environment: { MODE: one } }
  txweb: { image: busybox, depends_on: [txdb], environment: { MODE: one } }
"@
    function Write-Changed ([string] $Check) {
        Write-StackFile @"
name: allornone
volumes: { txdata: {}, txmore: {} }
instances:
  txdb: { image: busybox, volumes: ["txdata:/data"], environment: { MODE: two } }
  txnew: { image: busybox, depends_on: [txdb], volumes: ["txmore:/more"], healthcheck: { test: '$Check', interval: 1s, retries: 2 } }
"@
    }
    $script:Allowed = @{ AllowRestart = $true; Prune = $true; RemoveVolumes = $true; StopTimeout = 0 }
    $null = Invoke-IncusCompose $First
    incus exec txdb -- sh -c 'echo kept >/data/word; echo root >/root-file'
    incus exec txweb -- sh -c 'echo web >/root-file'
}

AfterAll {
    Get-IncusStackCheckpoint | Remove-IncusStackCheckpoint -Confirm:$false
    Clear-Lab
}

Describe 'Invoke-IncusCompose -Checkpoint' {
    It 'puts everything back where something does not become ready, and says so' {
        $changed = Write-Changed 'false'
        $results = Invoke-IncusCompose $changed -Checkpoint @Allowed -ErrorAction SilentlyContinue -ErrorVariable failures -WarningVariable warnings -WarningAction SilentlyContinue
        $of = @{}
        $results | ForEach-Object { $of["$($_.Id)"] = "$($_.Outcome)" }
        $of['instance/txdb'] | Should -Be 'RolledBack'
        $of['instance/txnew'] | Should -Be 'Failed'
        $failures[0].ToString() | Should -BeLike '*did not become healthy*'
        $warnings.Message | Should -Contain 'Stack allornone: Everything was put back: the stack is as it was before.'
        (Get-Api '/1.0/instances?recursion=1').name | Sort-Object | Should -Be 'txdb', 'txweb'
        incus exec txdb -- sh -c 'cat /data/word /root-file; tr "\0" "\n" </proc/1/environ | grep MODE' | Should -Be 'kept', 'root', 'MODE=one'
        incus exec txweb -- cat /root-file | Should -Be 'web'
        Get-IncusStackCheckpoint allornone | Should -BeNullOrEmpty
        (Compare-IncusStack $First).HasChanges | Should -BeFalse
    }

    It 'is told and not done with -WhatIf' {
        $before = Get-ServerState
        Invoke-IncusCompose (Write-Changed 'true') -Checkpoint @Allowed -WhatIf
        Get-ServerState | Should -Be $before
    }

    It 'refuses what it could not put back before anything is done' {
        incus snapshot create txweb mine
        { Invoke-IncusCompose (Write-Changed 'true') -Checkpoint @Allowed -ErrorAction Stop } | Should -Throw '*its snapshots mine would be gone*'
        (Get-Api '/1.0/instances/txweb').status | Should -Be 'Running'
        incus snapshot delete txweb mine
    }

    It 'leaves nothing but the changes where all become ready' {
        $plan = Compare-IncusStack (Write-Changed 'true') -AllowRestart -Prune
        $results = $plan | Invoke-IncusCompose -Checkpoint -StopTimeout 0
        $results.Outcome | Sort-Object -Unique | Should -Be 'Unchanged', 'Done'
        Get-IncusStackCheckpoint allornone | Should -BeNullOrEmpty
        incus snapshot list txdb -f csv | Should -BeNullOrEmpty
        (Get-Api '/1.0/instances?recursion=1').name | Sort-Object | Should -Be 'txdb', 'txnew'
        incus exec txdb -- cat /data/word | Should -Be 'kept'
    }
}
