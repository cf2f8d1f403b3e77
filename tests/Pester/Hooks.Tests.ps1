BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:File = Write-StackFile @"
name: hooked
instances:
  pshook:
    image: busybox
    hooks:
      post_start: ["echo inside; echo two", {host: 'echo from `$`$INCUS_COMPOSE_HOOK > made'}]
      pre_stop: {exec: 'exit 4', on_failure: continue}
      post_remove: {host: 'echo gone > gone'}
"@
    $script:Folder = Split-Path $File
}

AfterAll { Clear-Lab }

Describe 'Hooks' {
    It 'have their commands on this machine refused until they are allowed, before anything is done' {
        $null = Invoke-IncusCompose $File -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'PlanRefused,*'
        "$problem" | Should -Match 'its hook post_start would run commands on this machine; allow it with -AllowHostHooks'
        Get-Api '/1.0/instances' | Should -BeNullOrEmpty
        (Compare-IncusStack $File).IsRefused | Should -BeTrue
        (Compare-IncusStack $File -AllowHostHooks).IsRefused | Should -BeFalse
    }

    It 'say with -Verbose what they write' {
        $said = Invoke-IncusCompose $File -AllowHostHooks -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | ForEach-Object Message
        $said | Should -Contain 'instance/pshook: post_start: inside'
        $said | Should -Contain 'instance/pshook: post_start: two'
        Get-Content (Join-Path $Folder made) | Should -Be 'from post_start'
    }

    It 'are allowed by the plan that they are in' {
        incus stop --force pshook
        Remove-Item (Join-Path $Folder made)
        (Compare-IncusStack $File -AllowHostHooks | Invoke-IncusCompose).Outcome | Should -Be 'Done'
        Join-Path $Folder made | Should -Exist
    }

    It 'run when the stack is removed by its name, in the current folder' {
        Push-Location $TestDrive
        try {
            $null = Remove-IncusStack hooked -Confirm:$false -StopTimeout 1 -ErrorAction SilentlyContinue -ErrorVariable problem
            "$problem" | Should -Match 'its hook post_remove would run commands on this machine'
            $said = Remove-IncusStack hooked -Confirm:$false -StopTimeout 1 -AllowHostHooks -Verbose 4>&1
            "$said" | Should -Match 'pre_stop: exit ended with exit status 4, without output \(going on\)'
            Get-Content (Join-Path $TestDrive gone) | Should -Be 'gone'
        } finally { Pop-Location }
    }

    It 'that fail make the change fail and say which step and why' {
        $file = Write-StackFile "name: failing`ninstances:`n  pshookfail: {image: busybox, hooks: {post_start: ['true', 'echo why >&2; exit 3']}}"
        $result = Invoke-IncusCompose $file -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'HookFailed,*'
        "$problem" | Should -Be 'instance/pshookfail: the hook post_start failed at step 2: echo ended with exit status 3; its output: why'
        ($result | Where-Object Kind -EQ instance).IsHookFailedAfterwards | Should -BeTrue
    }

    It 'that fail do not hold a stack up that is removed with -SkipHooks' {
        $file = Write-StackFile "name: stuck`ninstances:`n  pshookstuck: {image: busybox, hooks: {pre_stop: 'false', post_remove: {host: 'touch ran'}}}"
        $null = Invoke-IncusCompose $file
        $null = Remove-IncusStack stuck -Confirm:$false -StopTimeout 1 -AllowHostHooks -ErrorAction SilentlyContinue -ErrorVariable problem
        "$problem" | Should -Match 'the hook pre_stop failed'
        (Remove-IncusStack stuck -Confirm:$false -StopTimeout 1 -SkipHooks).Outcome | Should -Be 'Done'
        Get-Api '/1.0/instances' | Should -Not -Contain '/1.0/instances/pshookstuck'
        'ran' | Should -Not -Exist
    }
}
