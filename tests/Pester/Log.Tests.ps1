BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:File = Write-StackFile "name: logged`ninstances: { one: { image: busybox }, two: { image: busybox } }"
    $null = Invoke-IncusCompose $File

    function Write-Console { param([string] $Instance, [string] $Text) incus exec $Instance -- sh -c "echo '$Text' >/dev/console" }
}

AfterAll { Clear-Lab }

Describe 'The log of a stack' {
    It 'is typed lines, and an instance that says nothing is named' {
        Write-Console one 'hello'
        $lines = Get-IncusStackLog logged -WarningVariable warnings -WarningAction SilentlyContinue
        $lines | Should -BeOfType IncusCompose.Logs.LogLine
        $lines.Instance, $lines.Source, $lines.Text | Should -Be 'one', 'Console', 'hello'
        $warnings | Should -Be 'two: nothing new is on its console, and it has no journal'
    }

    It 'is of chosen instances, and no longer than wished' {
        Write-Console one 'first'
        Write-Console two 'second'
        Write-Console two 'third'
        (Get-IncusStack logged | Get-IncusStackLog -Instance two -Tail 1).Text | Should -Be 'third'
        (Get-IncusStackLog -Path $File -Source Console -WarningAction SilentlyContinue).Text | Should -Be 'first'
    }

    It 'is of instances from the pipeline' {
        Write-Console one 'of one'
        Write-Console two 'of two'
        (Get-IncusInstance two | Get-IncusStackLog).Text | Should -Be 'of two'
        (Get-IncusInstance one | Get-IncusStackLog -Follow | Select-Object -First 1).Text | Should -Be 'of one'
        $null = New-IncusInstance alone busybox -NoStart
        Get-IncusInstance alone | Get-IncusStackLog -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        "$problems" | Should -Be "Instance 'alone' belongs to no stack."
        incus delete alone
    }

    It 'is followed until a later command has enough' {
        Write-Console one 'now'
        # Others may still have something to say.
        $line = Get-IncusStackLog -LiteralPath $File -Follow -WarningAction SilentlyContinue | Where-Object Text -like '*now' | Select-Object -First 1
        $line.Instance | Should -Be 'one'
    }

    It 'is followed of several stacks at once' {
        $null = Invoke-IncusCompose (Write-StackFile "name: more`ninstances: { three: { image: busybox } }" more.yaml)
        Write-Console one 'of one'
        Write-Console three 'of the other'
        # What others of them still have to say may come between.
        $lines = 'logged', 'more' | Get-IncusStackLog -Follow -WarningAction SilentlyContinue | Where-Object Text -in 'of one', 'of the other' | Select-Object -First 2
        $lines.Instance | Sort-Object | Should -Be 'one', 'three'
    }

    It 'takes times as dates and as how long ago' {
        Get-IncusStackLog logged -Since (Get-Date) -Until (New-TimeSpan) -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        Get-IncusStackLog logged -Since 10m -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        { Get-IncusStackLog logged -Since soon } | Should -Throw '*is no time*'
        { Get-IncusStackLog logged -Since 1h -Until 2h } | Should -Throw '-Since is later than -Until: nothing lies between them.'
    }

    It 'is an error of a stack or instance that is not there' {
        Get-IncusStackLog nosuch -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'StackNotFound,IncusCompose.PowerShell.Commands.GetIncusStackLogCommand'
        Get-IncusStackLog logged -Instance nosuch -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'InstanceNotFound,IncusCompose.PowerShell.Commands.GetIncusStackLogCommand'
    }
}
