BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Bridge = Get-BridgeName 'f'
    $script:File = Write-StackFile @"
name: shown
networks:
  $($Bridge): { config: { ipv4.address: $(Get-FreeSubnet 2).1/24, ipv6.address: none } }
volumes:
  files: {}
instances:
  one: { image: busybox, networks: [$Bridge], volumes: ["files:/files"] }
"@

    # What a person sees, without colours and without the blanks at the ends of lines.
    function Show {
        param([Parameter(ValueFromPipeline)] $InputObject, [string] $As)
        begin { $all = [Collections.Generic.List[object]]::new() }
        process { $all.Add($InputObject) }
        end {
            $PSStyle.OutputRendering = 'PlainText'
            $shown = if ($As) { $all | & "Format-$As" } else { $all }
            ($shown | Out-String -Width 140) -split "`n" | ForEach-Object TrimEnd | Where-Object { $_ }
        }
    }

    # The same with its colours.
    function Paint {
        param([Parameter(ValueFromPipeline)] $InputObject)
        process {
            $PSStyle.OutputRendering = 'Ansi'
            try { $InputObject | Out-String -Width 120 } finally { $PSStyle.OutputRendering = 'PlainText' }
        }
    }
}

AfterAll { Clear-Lab }

Describe 'The views' {
    It 'show a plan as text' {
        Compare-IncusStack $File | Show | Should -Be @(
            "  + network/$($Bridge): create"
            "      + config.ipv4.address: $(Get-FreeSubnet 2).1/24"
            '      + config.ipv6.address: none'
            '      + type: bridge'
            '  + volume/default/files: create'
            '      + content_type: filesystem'
            '  + instance/one: create'
            '      + devices.eth0.name: eth0'
            "      + devices.eth0.network: $Bridge"
            '      + devices.eth0.type: nic'
            '      + devices.mount-files.path: /files'
            '      + devices.mount-files.pool: default'
            '      + devices.mount-files.source: files'
            '      + devices.mount-files.type: disk'
            '      + ephemeral: false'
            '      + image: busybox'
            '      + profiles: default'
            '      + type: container'
            'shown: 3 to create, 0 unchanged'
        )
        (Compare-IncusStack $File | Paint) | Should -Match ([regex]::Escape("$($PSStyle.Foreground.Green)  + volume/default/files: create$($PSStyle.Reset)"))
    }

    It 'show results as a table' {
        $shown = Invoke-IncusCompose $File | Show
        $shown[0] | Should -Match '^Resource +Action +Outcome +Duration Message$'
        $shown | Select-Object -Skip 2 | Sort-Object | Should -Match '^(instance/one|network/\w+|volume/default/files) +Create +Done +\d+\.\d\d s$'
        $null = Invoke-IncusCompose $File | Tee-Object -Variable again
        ($again | Show)[2] | Should -Match "^network/$Bridge +None +Unchanged$"
        Compare-IncusStack $File | Show | Should -Be 'shown: no changes (3 resources as wanted)'
    }

    It 'show instances as a table and as a list' {
        $null = Wait-IncusInstance one -For Address
        $shown = Get-IncusInstance one | Show
        $shown[0] | Should -MatchExactly '^Name +Status +Type +IPv4 +Stack +Project$'
        $shown[2] | Should -Match "^one +Running +container +$([regex]::Escape((Get-FreeSubnet 2)))\.\d+ +shown +default$"
        $list = Get-IncusInstance one | Show -As List
        $list | Should -Contain 'Name         : one'
        $list | Should -Contain 'Profiles     : default'
        $list -match '^Memory +: [\d.]+ (KiB|MiB)$' | Should -HaveCount ([int] $CountsUsage)
        (Get-IncusInstance one | Paint) | Should -Match ([regex]::Escape("$($PSStyle.Foreground.Green)Running$($PSStyle.Reset)"))
    }

    It 'show stacks, servers and definitions' {
        (Get-IncusStack | Show)[2] | Should -Match "^shown +default +1/1 +one +$Bridge +files$"
        (Get-IncusServer | Show)[0] | Should -Match '^Name +Project +Version +Default +Address$'
        (Import-IncusStack $File | Show)[2] | Should -Match "^shown +one +$Bridge +files"
        (Get-IncusStack shown).Resources | Show | Select-Object -Last 1 | Should -Match '^instance +one +Running +instances\.one$'
    }

    It 'show the output of commands' {
        (Invoke-IncusCommand one hostname | Show)[2] | Should -Match '^one +0 one$'
    }

    It 'show problems of a file with place and advice' {
        $bad = Write-StackFile "name: bad`ninstances:`n  web: { imag: x }" -Name bad.yaml
        Push-Location (Split-Path $bad)
        try { $shown = Test-IncusStack bad.yaml | Show } finally { Pop-Location }
        $shown | Should -Contain 'Error bad.yaml:3:10: instances.web.imag'
        $shown -match '^    there is no key .imag. here; did you mean .image.\?$' | Should -HaveCount 1
    }

    It 'show what a plan changes, change by change' {
        $changed = Write-StackFile ((Get-Content -Raw $File) -replace 'image: busybox,', 'image: busybox, config: { user.note: new },')
        $plan = Compare-IncusStack $changed
        ($plan.Changes | Show)[2] | Should -Match '^instance/one +Update +1 +False$'
        ($plan.Changes.Properties | Show)[2] | Should -Match '^config\.user\.note +Added +Live +new$'
        $plan | Show -As List | Should -Contain 'Changes     : instance/one'
    }

    It 'are short for objects that follow others of another type' {
        $shown = & { Get-IncusServer; Get-IncusStack shown; Get-IncusInstance one -SkipState } | Out-String -Width 120
        $shown | Should -Match '(?m)^Running +: 1\r?$'
        $shown | Should -Match '(?m)^Status +: Running\r?$'
        $shown | Should -Not -Match 'Info|Resources'
    }

    It 'have script blocks that the analyzer likes' {
        [xml] $views = Get-Content -Raw "$Root/src/IncusCompose.PowerShell/IncusCompose.format.ps1xml"
        $blocks = $views.SelectNodes('//ScriptBlock').InnerText | Sort-Object -Unique
        $blocks | Should -Not -BeNullOrEmpty
        $blocks | ForEach-Object { Invoke-ScriptAnalyzer -ScriptDefinition $_ } | ForEach-Object { "$($_.RuleName): $($_.Message): $($_.Extent.Text)" } | Should -BeNullOrEmpty
    }
}
