BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:File = Write-StackFile @'
name: parts
instances:
  web: { image: busybox, environment: { MODE: "${MODE:-unset}", LEVEL: "${LEVEL:-unset}" }, ports: ["127.0.0.1:8080:80"] }
  debug: { image: busybox, activate: [tools] }
'@
    $script:Folder = Split-Path $File
}

AfterAll { Clear-Lab }

Describe 'Several stack files' {
    It 'are merged in the order of -Path' {
        $over = Join-Path $Folder 'over.yaml'
        Set-Content $over 'instances: { web: { memory: 64MiB, environment: { MODE: over }, ports: !override ["127.0.0.1:9090:90"] } }'
        $stack = Import-IncusStack $File, $over
        $stack.Name | Should -Be 'parts'
        $stack.Instances['web'].Environment['MODE'] | Should -Be 'over'
        $stack.Instances['web'].Environment['LEVEL'] | Should -Be 'unset'
        $stack.Instances['web'].Ports.HostPort | Should -Be 9090
    }

    It 'say which of them is wrong, and where' {
        $wrong = Join-Path $Folder 'wrong.yaml'
        Set-Content $wrong "instances:`n  web: { memmory: 64MiB }"
        { Import-IncusStack $File, $wrong -ErrorAction Stop } | Should -Throw '*wrong.yaml:2:10: instances.web.memmory: *did you mean*memory*'
    }
}

Describe '-EnvFile' {
    It 'takes the place of the .env beside the file; of several the later wins' {
        Set-Content (Join-Path $Folder '.env') "MODE=beside`nLEVEL=beside"
        Set-Content (Join-Path $Folder 'one.env') "MODE=one`nLEVEL=one"
        Set-Content (Join-Path $Folder 'two.env') 'LEVEL=two'
        (Import-IncusStack $File).Instances['web'].Environment['MODE'] | Should -Be 'beside'
        $web = (Import-IncusStack $File -EnvFile (Join-Path $Folder 'one.env'), (Join-Path $Folder 'two.env')).Instances['web']
        $web.Environment['MODE'] | Should -Be 'one'
        $web.Environment['LEVEL'] | Should -Be 'two'
    }

    It 'is an error where there is no such file' {
        { Import-IncusStack $File -EnvFile (Join-Path $Folder 'none.env') -ErrorAction Stop } | Should -Throw '*none.env*'
    }
}

Describe '-Activate' {
    It 'makes the instances with its word part of the stack' {
        (Import-IncusStack $File).Instances.Keys | Should -Be 'web'
        (Import-IncusStack $File -Activate tools).Instances.Keys | Should -Be 'web', 'debug'
        (Import-IncusStack $File -Activate '*').Instances.Keys | Should -Be 'web', 'debug'
    }

    It 'warns of a word that no instance has' {
        $null = Import-IncusStack $File -Activate tool -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -HaveCount 1
        "$warned" | Should -BeLike '*did you mean*tools*'
    }

    It 'leaves what is no longer active as it is, says so, and never takes it for an orphan' {
        $up = Invoke-IncusCompose $File -Activate tools
        "$($up.Id)" | Should -BeLike '*instance/debug*'
        $plan = Compare-IncusStack $File
        $plan.HasChanges | Should -BeFalse
        $plan.Orphans | Should -BeNullOrEmpty
        "$($plan.Diagnostics)" | Should -BeLike '*instance/debug is not active and stays as it is*'
        $null = Invoke-IncusCompose $File -Prune -Confirm:$false
        (Get-IncusInstance).Name | Should -Be 'debug', 'web'
        Remove-IncusStack parts -Confirm:$false
        Get-IncusInstance | Should -BeNullOrEmpty
    }
}
