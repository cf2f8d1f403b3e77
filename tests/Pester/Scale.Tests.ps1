BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:File = Write-StackFile @"
name: scaled
instances:
  sweb: { image: busybox, replicas: 2, update: manual, environment: { MODE: one } }
"@
    $null = Invoke-IncusCompose $File
    function Get-Replica { (Get-Api '/1.0/instances?recursion=1').name | Sort-Object }
}

AfterAll { Clear-Lab }

Describe 'The number of replicas' {
    It 'is the file''s' { Get-Replica | Should -Be 'sweb-1', 'sweb-2' }

    It 'is told and not changed with -WhatIf' {
        (Set-IncusStackScale scaled sweb=3 -WhatIf) | Should -BeNullOrEmpty
        Get-Replica | Should -Be 'sweb-1', 'sweb-2'
    }

    It 'is changed by the stack''s name alone' {
        $results = Get-IncusStack scaled | Set-IncusStackScale -Scale sweb=3
        ($results | Where-Object Action -EQ Create).Name | Should -Be 'sweb-3'
        Get-Replica | Should -Be 'sweb-1', 'sweb-2', 'sweb-3'
        (Compare-IncusStack $File -Scale @{ sweb = 3 }).HasChanges | Should -BeFalse
    }

    It 'is changed by the file, from the highest number' {
        $null = Set-IncusStackScale -Path $File -Scale @{ sweb = 1 } -Wait
        Get-Replica | Should -Be 'sweb-1'
        (Get-Item $File | Set-IncusStackScale -Scale sweb=2 | Where-Object Action -EQ Create).Name | Should -Be 'sweb-2'
        (Invoke-IncusCompose $File).Action | Sort-Object -Unique | Should -Be 'None'
    }

    It 'of what has none is an error' {
        { Set-IncusStackScale scaled web=3 -ErrorAction Stop } | Should -Throw '*it has some of: sweb*'
        { Set-IncusStackScale -Path $File -Scale web=3 -ErrorAction Stop } | Should -Throw '*There is no instance*'
        { Set-IncusStackScale nope sweb=3 -ErrorAction Stop } | Should -Throw '*no instance of a stack "nope"*there is: scaled*'
        { Set-IncusStackScale scaled sweb=3, sweb=4 } | Should -Throw '*of sweb is said twice*'
        { Set-IncusStackScale scaled sweb=many } | Should -Throw '*write a whole number such as 5*'
        { Set-IncusStackScale scaled sweb } | Should -Throw '*write a name and a number, such as web=5*'
    }
}

Describe 'A manual update' {
    It 'is made of those that are named' {
        $changed = Write-StackFile ((Get-Content -Raw $File) -replace 'MODE: one', 'MODE: two')
        (Compare-IncusStack $changed -AllowRestart).Changes.Restarts | Should -Be $false, $false
        $results = Invoke-IncusCompose $changed -AllowRestart -Update sweb-2
        ($results | Where-Object PendingRestart).Name | Should -Be 'sweb-1'
        incus exec sweb-2 -- sh -c 'tr "\0" "\n" < /proc/1/environ' | Should -Contain 'MODE=two'
        incus exec sweb-1 -- sh -c 'tr "\0" "\n" < /proc/1/environ' | Should -Contain 'MODE=one'
    }
}

Describe 'The name of a definition' {
    BeforeAll { $null = Checkpoint-IncusStack scaled good }
    AfterAll { Remove-IncusStackCheckpoint scaled good -Confirm:$false }

    It 'stands for its replicas in a checkpoint, and a pattern for what it matches' {
        foreach ($name in 'sweb', 'sweb*') {
            incus exec sweb-1 -- touch /new
            $results = Restore-IncusStack scaled good -Instance $name -Confirm:$false
            $results.Id.Name | Sort-Object | Should -Be 'sweb-1', 'sweb-2'
            incus exec sweb-1 -- ls / | Should -Not -Contain 'new'
        }
        Restore-IncusStack scaled good -Instance other* -Confirm:$false | Should -BeNullOrEmpty
        { Restore-IncusStack scaled good -Instance other -Confirm:$false -ErrorAction Stop } | Should -Throw '*it holds sweb-1, sweb-2*'
    }

    It 'stands for their logs' {
        foreach ($name in 'sweb', 'sweb*', 'sweb-[12]') {
            foreach ($replica in 'sweb-1', 'sweb-2') { incus exec $replica -- sh -c "echo '$name' >/dev/console" }
            # What is written reaches the server a moment later, and Incus 6.0 hands out what it kept once.
            $seen = @()
            $limit = [datetime]::UtcNow.AddSeconds(20)
            do {
                $seen += (Get-IncusStackLog scaled -Instance $name -Tail 1 | Where-Object Text -EQ $name).Instance
            } until (@($seen | Sort-Object -Unique).Count -eq 2 -or [datetime]::UtcNow -gt $limit)
            $seen | Sort-Object -Unique | Should -Be 'sweb-1', 'sweb-2'
        }
        Get-IncusStackLog scaled -Instance other* | Should -BeNullOrEmpty
    }

    It 'is that of none to be published' {
        { Publish-IncusImage sweb made -ErrorAction Stop } | Should -Throw '*There is no instance "sweb"*; name one of its replicas: sweb-1, sweb-2*'
        { Publish-IncusImage swep-1 made -ErrorAction Stop } | Should -Throw '*did you mean "sweb-1"*'
    }
}
