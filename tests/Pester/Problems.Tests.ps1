BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force

    # A file with as many problems, the first ones in lines that no terminal is wide enough for.
    function Write-BadFile {
        param([int] $Count)
        $instances = 1..$Count | ForEach-Object { "  machine-number-$_-with-a-rather-long-name: { image: busybox, imag: x }" }
        Write-StackFile "name: bad`ninstances:`n$($instances -join "`n")" bad.yaml
    }

    # What a PowerShell of its own says, without colours.
    function Get-Said {
        param([string[]] $Arguments)
        $env:NO_COLOR = '1'
        try { (pwsh -NoLogo -NoProfile -NonInteractive @Arguments 2>&1 | ForEach-Object { "$_" }) -replace '\e\[[0-9;?]*[a-zA-Z]', '' } finally { Remove-Item env:NO_COLOR }
    }

    function Write-Script {
        param([string] $Text)
        $path = Join-Path $TestDrive "$([guid]::NewGuid().ToString('n')).ps1"
        Set-Content $path "Import-Module '$Manifest'`n$Text"
        $path
    }
}

AfterAll { Clear-Lab }

Describe 'What is wrong with a stack file, in a script' {
    It 'has a line for each of <Count> problems with <Command>' -ForEach @(
        foreach ($command in 'Import-IncusStack', 'Compare-IncusStack', 'Invoke-IncusCompose', 'ConvertFrom-DockerCompose') { @{ Command = $command; Count = 3 } }
        @{ Command = 'Import-IncusStack'; Count = 40 }
    ) {
        $file = Write-BadFile $Count
        $said = Get-Said '-File', (Write-Script "$Command '$file'`n'after'")
        $places = $said -match "^ +$([regex]::Escape($file)):\d+:\d+: instances\.machine-number-\d+-[^ ]+\.imag: .*did you mean ``image``\?$"
        $places | Should -HaveCount $Count
        "$said" | Should -BeLike "*$Count problems, the first:*"
        $said | Should -Contain 'after'
    }

    It 'is all said where the script ends by it' {
        $file = Write-BadFile 5
        $said = Get-Said '-File', (Write-Script "`$ErrorActionPreference = 'Stop'`nImport-IncusStack '$file'`n'after'")
        $said -match "^    $([regex]::Escape($file)):" | Should -HaveCount 5
        $said | Should -Not -Contain 'after'
    }

    It 'is all said on a command line' {
        $file = Write-BadFile 3
        (Get-Said '-Command', "Import-Module '$Manifest'; Import-IncusStack '$file'") -match "^    $([regex]::Escape($file)):" | Should -HaveCount 3
    }

    It 'is plainly the problem where there is one' {
        $file = Write-BadFile 1
        $said = Get-Said '-Command', "Import-Module '$Manifest'; Import-IncusStack '$file'"
        $said | Should -HaveCount 1
        $said | Should -BeLike 'Import-IncusStack: *bad.yaml:3:*: instances.*: there is no key ?imag? here; did you mean ?image??'
    }
}

Describe 'What is wrong with a stack file, for a program' {
    It 'is caught as one error, whose exception has all of it as objects' {
        $file = Write-BadFile 3
        try { Import-IncusStack $file -ErrorAction Stop } catch { $problem = $_ }
        $problem.Exception | Should -BeOfType IncusCompose.Diagnostics.StackFileException
        $problem.Exception.Diagnostics | Should -BeOfType IncusCompose.Diagnostics.Diagnostic
        $problem.Exception.Diagnostics.Location.Line | Should -Be 3, 4, 5
        $problem.Exception.Message -split [Environment]::NewLine | Should -HaveCount 3
        "$problem" | Should -BeLike "3 problems, the first: $file`:3:*"
        $problem.TargetObject | Should -Be $file
    }

    It 'does not keep other files of the pipeline from being read' {
        $bad = Write-BadFile 2
        $good = Write-StackFile "name: good`ninstances: { web: { image: busybox } }"
        (Get-Item $bad, $good | Import-IncusStack -ErrorAction SilentlyContinue -ErrorVariable problems).Name | Should -Be 'good'
        $problems | Should -HaveCount 1
    }

    It 'is the same where the server finds it: <Command>' -ForEach @(@{ Command = 'Compare-IncusStack' }, @{ Command = 'Invoke-IncusCompose' }) {
        $file = Write-StackFile "name: bad`ninstances: { a: { image: nosuch1 }, b: { image: nosuch2 } }"
        $null = & $Command $file -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems | Should -HaveCount 1
        $problems[0].Exception.Diagnostics.Path | Should -Be 'instances.a.image', 'instances.b.image'
        $problems[0].ErrorDetails.RecommendedAction -split [Environment]::NewLine | Should -HaveCount 3
    }

    It 'keeps warnings apart' {
        $file = Write-StackFile "name: c`ninstances: { web: { image: busybox, memory: 512, imag: y } }"
        Import-IncusStack $file -ErrorAction SilentlyContinue -ErrorVariable problems -WarningAction SilentlyContinue -WarningVariable warnings | Should -BeNullOrEmpty
        "$problems" | Should -Not -BeLike '*warning*'
        $warnings | Should -Not -BeNullOrEmpty
    }
}

Describe 'What a new user sees' {
    It 'is each problem in two lines, however narrow the window' {
        $file = Write-StackFile "name: bad`ninstances: { web: { image: busybox, imag: x } }"
        $said = (Test-IncusStack $file | Out-String -Width 300).Trim() -replace '\e\[[0-9;]*m' -split '\r?\n'
        $said | Should -HaveCount 2
        $said[0] | Should -Be "Error $file`:2:37: instances.web.imag"
        $said[1] | Should -BeLike '    there is no key ?imag? here; did you mean ?image??'
        (Test-IncusStack $file | Format-Table | Out-String) | Should -BeLike '*Severity*Location*Path*Message*'
    }

    It 'is a warning that says so once' {
        $file = Write-StackFile "name: w`ninstances: { web: { image: busybox, memory: 512 } }"
        $null = Import-IncusStack $file -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "$file`:2:*did you mean*"
        "$warnings" | Should -Not -BeLike '*warning*'
    }

    It 'is what a graph and an export are, in few words' {
        $file = Write-StackFile "name: shown`ninstances: { web: { image: busybox } }"
        (Get-IncusStackGraph $file -AsObject | Out-String) -replace '\e\[[0-9;]*m' | Should -BeLike '*Stack*Project*Resources*Dependencies*shown*'
        $null = Invoke-IncusCompose $file
        $text = Export-IncusStack shown -AsObject | Out-String
        $text | Should -BeLike '*Text*name: shown*'
        $text | Should -Not -BeLike '*Dictionary*'
        { Get-IncusStack shown | Compare-IncusStack -ErrorAction Stop } | Should -Throw '*shown is a stack on a server*Export-IncusStack*'
        $null = Remove-IncusStack shown -Confirm:$false
    }
}
