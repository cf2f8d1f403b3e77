BeforeDiscovery {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    Import-Module "$root/IncusCompose.psd1" -Force
    $commands = Get-Command -Module IncusCompose -CommandType Cmdlet | ForEach-Object { @{ Name = $_.Name } }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Common = [Management.Automation.Cmdlet]::CommonParameters + [Management.Automation.Cmdlet]::OptionalCommonParameters
}

Describe 'Help' {
    Context 'of <Name>' -ForEach $commands {
        BeforeAll {
            $script:Command = Get-Command $Name
            $script:Help = Get-Help $Name -Full
            $script:Page = Get-Content -Raw "$Root/docs/cmdlets/$Name.md"
        }

        It 'has every section filled in' {
            $Help.Synopsis | Should -Not -BeNullOrEmpty
            $Help.Synopsis | Should -Not -BeLike "$Name *"
            $Help.description.Text | Should -Not -BeNullOrEmpty
            $Page | Should -Not -Match '\{\{'
        }

        It 'describes exactly the parameters that there are' {
            $described = $Help.parameters.parameter.name | Where-Object { $_ -notin $Common }
            $described | Sort-Object | Should -Be ($Command.Parameters.Keys | Where-Object { $_ -notin $Common } | Sort-Object)
            foreach ($parameter in $Help.parameters.parameter) { $parameter.description.Text | Should -Not -BeNullOrEmpty -Because $parameter.name }
        }

        It 'has an example for each parameter set' {
            $Help.examples.example.Count | Should -BeGreaterThan 0
            foreach ($set in $Command.ParameterSets.Name | Where-Object { $_ -ne '__AllParameterSets' }) {
                $Page | Should -Match "Parameter set $set\b" -Because 'each parameter set is shown at work'
            }
        }

        It 'has nothing left of Markdown in it' {
            $text = $Help | Out-String -Width 4096
            $text | Should -Match $Name
            $text | Should -Not -Match '```'
            $text | Should -Not -Match '\]\('
        }

        It 'has examples that use parameters that there are' {
            foreach ($code in $Help.examples.example.code) {
                $problems = $null
                $script = [Management.Automation.Language.Parser]::ParseInput($code, [ref] $null, [ref] $problems)
                $problems | Should -BeNullOrEmpty
                $uses = $script.FindAll({ param($node) $node -is [Management.Automation.Language.CommandAst] -and (Get-Command $node.GetCommandName() -ErrorAction Ignore).Source -eq 'IncusCompose' }, $true)
                $uses | Should -Not -BeNullOrEmpty -Because $code
                foreach ($use in $uses) {
                    $known = (Get-Command $use.GetCommandName()).Parameters
                    # After -- everything belongs to the command in the instance.
                    $own = $use.CommandElements | ForEach-Object { $after = $false } { if ($_.Extent.Text -eq '--') { $after = $true }; if (-not $after) { $_ } }
                    foreach ($parameter in $own | Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] -and $_.ParameterName.Length -gt 1 }) {
                        $known.Keys | Should -Contain $parameter.ParameterName -Because $use.Extent.Text
                    }
                }
            }
        }
    }

    Context 'in the pages of docs/cmdlets' -Skip:(-not (Get-Module Microsoft.PowerShell.PlatyPS -ListAvailable)) {
        It 'is what ships in en-US' {
            $null = pwsh -NoLogo -NoProfile -NonInteractive -File "$Root/docs/cmdlets/Build-Help.ps1" -OutputFolder "$TestDrive/help"
            $LASTEXITCODE | Should -Be 0
            Get-Content -Raw "$TestDrive/help/IncusCompose.PowerShell.dll-Help.xml" |
                Should -BeExactly (Get-Content -Raw "$Root/en-US/IncusCompose.PowerShell.dll-Help.xml") -Because 'docs/cmdlets/Build-Help.ps1 makes the one from the other'
        }

        It 'says how each parameter is bound' {
            # In a PowerShell of its own: platyPS brings an older YamlDotNet along.
            Invoke-Pwsh @"
Import-Module '$Manifest'; Import-Module Microsoft.PowerShell.PlatyPS
foreach (`$command in Get-Command -Module IncusCompose -CommandType Cmdlet) {
    `$page = Import-MarkdownCommandHelp "$Root/docs/cmdlets/`$(`$command.Name).md"
    function Describe(`$owner, `$set, `$p, `$type) { "`$(`$command.Name) `$owner/`$set position `$(`$p.Position) mandatory `$(`$p.Mandatory ?? `$p.IsRequired ?? `$p.IsMandatory) pipeline `$(`$p.ValueFromPipeline) property `$(`$p.ValueFromPipelineByPropertyName) rest `$(`$p.ValueFromRemainingArguments) of `$type" }
    `$written = foreach (`$parameter in `$page.Parameters) {
        foreach (`$set in `$parameter.ParameterSets) { Describe `$parameter.Name (`$set.Name -replace '^\(All\)`$', '__AllParameterSets') `$set `$parameter.Type }
    }
    `$real = foreach (`$parameter in `$command.Parameters.Values) {
        if (`$parameter.Name -in [Management.Automation.Cmdlet]::CommonParameters) { continue }
        foreach (`$set in `$parameter.ParameterSets.GetEnumerator()) {
            `$bound = @{ Position = `$set.Value.Position -lt 0 ? 'Named' : `$set.Value.Position; Mandatory = `$set.Value.IsMandatory; ValueFromPipeline = `$set.Value.ValueFromPipeline; ValueFromPipelineByPropertyName = `$set.Value.ValueFromPipelineByPropertyName; ValueFromRemainingArguments = `$set.Value.ValueFromRemainingArguments }
            Describe `$parameter.Name `$set.Key ([pscustomobject] `$bound) (`$parameter.ParameterType.ToString())
        }
    }
    Compare-Object `$written `$real | ForEach-Object { "`$(`$_.SideIndicator) `$(`$_.InputObject)" }
}
"@ | Should -BeNullOrEmpty
        }
    }

    It 'has its about topic in a folder with a space too' {
        $folder = Join-Path $TestDrive 'a space'
        $null = New-Item -ItemType Directory $folder
        Copy-Item $Manifest, (Join-Path $Root 'en-US'), (Join-Path $Root 'bin') $folder -Recurse
        (Invoke-Pwsh "Import-Module ./IncusCompose.psd1; Get-Help about_IncusCompose -Full" $folder) -join "`n" | Should -Match 'SHORT DESCRIPTION'
    }

    It 'has an about topic that names every cmdlet of the first steps' {
        $about = Get-Help about_IncusCompose
        $about | Should -Match 'SHORT DESCRIPTION'
        # What it calls a cmdlet is one.
        [regex]::Matches($about, '\b[A-Z]\w+-Incus\w+').Value | Sort-Object -Unique | ForEach-Object { Get-Command $_ -Module IncusCompose -ErrorAction Stop } | Should -Not -BeNullOrEmpty
        ($about -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }
}
