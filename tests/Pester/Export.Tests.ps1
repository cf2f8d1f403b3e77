BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    incus launch busybox hand -q -c limits.memory=64MiB -c environment.API_TOKEN=abcdef
    incus launch busybox other -q
    $script:Folder = New-Item -ItemType Directory (Join-Path $TestDrive 'export')
}

AfterAll {
    incus delete -f hand other -q
    Clear-Lab
}

Describe 'A stack file from what is live' {
    It 'is a text of single instances, in which variables stand for secrets' {
        $text = Export-IncusStack -Instance hand -WarningAction SilentlyContinue
        $text | Should -BeOfType string
        $text | Should -Match '(?m)^    memory: 64MiB$'
        $text | Should -Match '\$\{HAND_API_TOKEN:\?'
        $text | Should -Not -Match 'abcdef'
        $text | Should -Not -Match '(?m)^  other:'
    }

    It 'is told as an object with its variables and notes where that is wanted' {
        $export = Export-IncusStack -StackName all -AsObject -WarningAction SilentlyContinue
        $export.Stack.Name | Should -Be 'all'
        $export.Stack.Instances.Keys | Should -Contain 'other'
        ($export.Variables | Where-Object Name -EQ HAND_API_TOKEN).Command | Should -Be 'incus config get hand environment.API_TOKEN'
    }

    It 'is written to a file, but not with -WhatIf' {
        $path = Join-Path $Folder 'stack.yaml'
        Export-IncusStack -Instance o*r -OutFile $path -WhatIf | Should -BeNullOrEmpty
        $path | Should -Not -Exist
        Export-IncusStack -Instance o*r -OutFile $path | Should -BeNullOrEmpty
        (Import-IncusStack $path).Instances.Keys | Should -Be 'other'
    }

    It 'of an instance that is not there is an error, of a pattern nothing' {
        { Export-IncusStack -Instance nobody -ErrorAction Stop } | Should -Throw '*nobody*'
        Export-IncusStack -Instance no-* | Should -BeNullOrEmpty
    }

    It 'is adopted, with nothing but marks written, and not with -WhatIf' {
        $path = Join-Path $Folder 'stack.yaml'
        $before = Get-ServerState
        Invoke-IncusCompose $path -Adopt -WhatIf
        Get-ServerState | Should -Be $before
        { Invoke-IncusCompose $path -ErrorAction Stop } | Should -Throw '*-Adopt (--adopt)*'
        $result = Invoke-IncusCompose $path -Adopt
        $result.Action | Should -Be 'Adopt'
        (Compare-IncusStack $path).HasChanges | Should -BeFalse
    }

    It 'of an existing stack plans to nothing' {
        $path = Join-Path $Folder 'again.yaml'
        Get-IncusStack other | Export-IncusStack -OutFile $path
        (Compare-IncusStack $path).HasChanges | Should -BeFalse
        Remove-IncusStack other -Confirm:$false
        incus launch busybox other -q
    }

    It 'of a stack that is not there is an error' {
        { Export-IncusStack nobodys -ErrorAction Stop } | Should -Throw '*nobodys*'
    }
}
