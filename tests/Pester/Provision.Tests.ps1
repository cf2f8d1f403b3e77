BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Stack = @"
name: provisioned
instances:
  psprov:
    image: busybox
    provision:
      - {name: first, exec: 'echo one >> /log; echo inside'}
      - {name: text, files: [{content: "WORD\n", target: /etc/word, mode: 0600}]}
"@
    $script:File = Write-StackFile $Stack
    function Get-Inside { param([string] $Path) incus exec psprov -- cat $Path }
}

AfterAll { Clear-Lab }

Describe 'Provision steps' {
    It 'are in the plan and not run by it, nor with -WhatIf' {
        $change = (Compare-IncusStack $File).Resources | Where-Object Kind -EQ instance
        $steps = $change.Properties | Where-Object IsStep
        $steps.Path | Should -Be 'provision.first', 'provision.text'
        $steps.New | Should -Be 'exec echo', 'files /etc/word'
        Invoke-IncusCompose $File -WhatIf
        Get-Api '/1.0/instances' | Should -BeNullOrEmpty
    }

    It 'run once, and say with -Verbose what they write' {
        $said = Invoke-IncusCompose $File -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | ForEach-Object Message
        $said | Should -Contain 'instance/psprov: step first: inside'
        $said | Should -Contain 'instance/psprov: step text: 1 of 1 file written'
        Get-Inside /log | Should -Be 'one'
        Get-Inside /etc/word | Should -Be 'WORD'
        (Compare-IncusStack $File).HasChanges | Should -BeFalse
        (Invoke-IncusCompose $File | Where-Object Kind -EQ instance).Outcome | Should -Be 'Unchanged'
        Get-Inside /log | Should -Be 'one'
    }

    It 'run again where their content changed, and no other does' {
        Set-Content $File ($Stack -creplace 'WORD', 'OTHER')
        $plan = Compare-IncusStack $File
        ($plan.Changes.Properties | Where-Object IsStep).Path | Should -Be 'provision.text'
        "$(Invoke-IncusCompose $File -WhatIf)" | Should -BeNullOrEmpty
        Get-Inside /etc/word | Should -Be 'WORD'
        $null = $plan | Invoke-IncusCompose
        Get-Inside /etc/word | Should -Be 'OTHER'
        Get-Inside /log | Should -Be 'one'
    }

    It 'do not run again after a stop and a start' {
        $null = Stop-IncusStack provisioned -StopTimeout 1 -Confirm:$false
        $null = Invoke-IncusCompose $File
        Get-Inside /log | Should -Be 'one'
    }

    It 'that fail say which and why, and are where the next apply goes on' {
        Set-Content $File "$($Stack -creplace 'WORD', 'OTHER')`n      - {name: last, exec: 'echo why >&2; test -f /fixed'}"
        $result = Invoke-IncusCompose $File -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ProvisionFailed,*'
        "$problem" | Should -Be 'instance/psprov: the step last (exec echo) failed: echo ended with exit status 1; its output: why'
        ($result | Where-Object Kind -EQ instance).IsStepFailed | Should -BeTrue
        incus exec psprov -- touch /fixed
        (Invoke-IncusCompose $File | Where-Object Kind -EQ instance).Outcome | Should -Be 'Done'
        Get-Inside /log | Should -Be 'one'
    }

    It 'with Ansible are refused until they are allowed, before anything is done' {
        $file = Write-StackFile "name: ansibled`ninstances:`n  psansible: {image: busybox, provision: {ansible: {role: some.role}}}"
        $null = Invoke-IncusCompose $file -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'PlanRefused,*'
        "$problem" | Should -Match 'its step 1 with Ansible would run commands on this machine; allow it with -AllowHostHooks'
        Get-Api '/1.0/instances' | Should -Not -Contain '/1.0/instances/psansible'
        (Compare-IncusStack $file -AllowHostHooks).IsRefused | Should -BeFalse
    }
}
