BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:File = Write-StackFile @'
name: daily
instances:
  db: { image: busybox }
  web: { image: busybox, depends_on: [db] }
'@
    $null = Invoke-IncusCompose $File

    function Get-Status { (Get-Api '/1.0/instances?recursion=1' | Sort-Object { $_.name }).status }
}

AfterAll { Clear-Lab }

Describe 'A stack that is operated by its name' {
    BeforeEach { $null = Start-IncusStack daily }

    It 'stops dependants first, and returns what became of each' {
        $results = Stop-IncusStack daily
        $results | Should -BeOfType IncusCompose.Applying.ResourceResult
        $results.Name | Should -Be 'web', 'db'
        $results.Action | Should -Be 'Stop', 'Stop'
        $results.Outcome | Should -Be 'Done', 'Done'
        Get-Status | Should -Be 'Stopped', 'Stopped'
    }

    It 'starts dependencies first' {
        $null = Stop-IncusStack daily -Force
        (Start-IncusStack daily).Name | Should -Be 'db', 'web'
        Get-Status | Should -Be 'Running', 'Running'
    }

    It 'leaves what is already so, and says why' {
        $results = Start-IncusStack daily
        $results.Outcome | Should -Be 'Unchanged', 'Unchanged'
        $results.Message | Should -Be 'it runs already', 'it runs already'
    }

    It 'is paused and goes on' {
        (Suspend-IncusStack daily).Outcome | Should -Be 'Done', 'Done'
        Get-Status | Should -Be 'Frozen', 'Frozen'
        (Resume-IncusStack daily).Outcome | Should -Be 'Done', 'Done'
        Get-Status | Should -Be 'Running', 'Running'
    }

    It 'restarts, and starts what was stopped' {
        $null = Stop-IncusStack daily -Instance web
        (Restart-IncusStack daily -Force).Action | Should -Be 'Restart', 'Start'
        Get-Status | Should -Be 'Running', 'Running'
    }

    It 'comes from the pipeline, from a file, and from a stack of a file' {
        (Get-IncusStack da* | Stop-IncusStack -Force).Outcome | Should -Be 'Done', 'Done'
        (Start-IncusStack -Path $File).Outcome | Should -Be 'Done', 'Done'
        (Import-IncusStack $File | Stop-IncusStack -Instance w*).Name | Should -Be 'web'
        (Start-IncusStack -LiteralPath $File -Instance web).Outcome | Should -Be 'Done'
    }

    It 'does nothing where a pattern means no instance' {
        Stop-IncusStack daily -Instance nothing* | Should -BeNullOrEmpty
        Get-Status | Should -Be 'Running', 'Running'
    }

    It 'tells with -WhatIf, and does nothing' {
        $null = Stop-IncusStack daily -Instance web
        $before = Get-ServerState
        Invoke-Pwsh "Import-Module '$Manifest'; Stop-IncusStack daily -WhatIf; Start-IncusStack daily -WhatIf; Suspend-IncusStack daily -WhatIf; Restart-IncusStack daily -WhatIf; Stop-IncusStack daily -Force -WhatIf" |
            Where-Object { $_ -match '^What if' } |
            Should -Be 'What if: . instance/db: stop', 'What if: > instance/web: start', 'What if: . instance/db: pause',
                'What if: > instance/db: restart', 'What if: > instance/web: start, it is stopped', 'What if: . instance/db: kill'
        Get-ServerState | Should -Be $before
    }

    It 'is an error where it is not there, and the next stack is worked on all the same' {
        $results = 'nosuch', 'daily' | Suspend-IncusStack -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -Be 'StackNotFound,IncusCompose.PowerShell.Commands.SuspendIncusStackCommand'
        $problems[0].TargetObject | Should -Be 'nosuch'
        $results.Outcome | Should -Be 'Done', 'Done'
        Start-IncusStack daily -Instance nosuch -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'InstanceNotFound,IncusCompose.PowerShell.Commands.StartIncusStackCommand'
    }

    It 'completes stacks and instances' {
        (TabExpansion2 'Stop-IncusStack da' 18).CompletionMatches.CompletionText | Should -Be 'daily'
        (TabExpansion2 'Stop-IncusStack daily -Instance we' 34).CompletionMatches.CompletionText | Should -Be 'web'
    }
}
