BeforeDiscovery {
    $withoutPlatyPS = -not (Get-Module Microsoft.PowerShell.PlatyPS -ListAvailable)
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    # platyPS brings a YamlDotNet of its own, an older one, into the default load context.
    $script:LoadOlderYaml = @'
$older = Get-ChildItem (Split-Path (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS)[0].Path) -Recurse -Filter YamlDotNet.dll
$null = [Reflection.Assembly]::LoadFrom($older.FullName)
$before = [AppDomain]::CurrentDomain.GetAssemblies().Where{ $_.GetName().Name -eq 'YamlDotNet' }
if ($before.Count -ne 1) { throw "no older YamlDotNet was loaded" }
'@
    $script:UseYaml = @"
`$file = Join-Path ([IO.Path]::GetTempPath()) "`$([guid]::NewGuid()).yaml"
Set-Content `$file "name: loaded``ninstances:``n  web: { image: busybox }"
try { (Import-IncusStack `$file).Name } finally { Remove-Item `$file }
"@
}

Describe 'The module' {
    It 'exports exactly the cmdlets that its assembly holds, and their other names that its manifest says' {
        $module = Invoke-Pwsh "Import-Module '$Manifest' -PassThru | ForEach-Object { `$_.ExportedCommands.Values | ForEach-Object { `"`$(`$_.CommandType) `$(`$_.Name)`" } }; Import-Module '$Root/bin/IncusCompose.PowerShell.dll' -PassThru | ForEach-Object { `$_.ExportedCmdlets.Keys | ForEach-Object { `"Assembly `$_`" } }"
        $exported = $module -match '^Cmdlet' -replace '^Cmdlet '
        $exported | Should -Not -BeNullOrEmpty
        $exported | Sort-Object | Should -Be ($module -match '^Assembly' -replace '^Assembly ' | Sort-Object)
        $module -notmatch '^(Cmdlet|Assembly) ' | Sort-Object | Should -Be ((Import-PowerShellDataFile $Manifest).AliasesToExport | ForEach-Object { "Alias $_" } | Sort-Object)
    }

    It 'has a manifest that PowerShell accepts' {
        (Test-ModuleManifest $Manifest).CompatiblePSEditions | Should -Be 'Core'
    }

    It 'gives type literals of the engine and the client' {
        Invoke-Pwsh "Import-Module '$Manifest'; [IncusCompose.Definition.InstanceDefinition]::DefaultImage; [Incus.Client.InstanceTypes]::Container" |
            Should -Be 'images:ubuntu/24.04/cloud', 'container'
    }

    It 'loads no parser before one is needed, and never into the default context' {
        Invoke-Pwsh @"
Import-Module '$Manifest'
@([AppDomain]::CurrentDomain.GetAssemblies().Where{ `$_.GetName().Name -eq 'YamlDotNet' }).Count
$UseYaml
[Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.Where{ `$_.GetName().Name -eq 'YamlDotNet' }.Count
"@ | Should -Be '0', 'loaded', '0'
    }

    It 'works beside an older YamlDotNet that is loaded already' -Skip:$withoutPlatyPS {
        Invoke-Pwsh "$LoadOlderYaml`nImport-Module '$Manifest'`n$UseYaml" | Should -Be 'loaded'
    }

    It 'works again after -Force, and after it was removed and imported' {
        Invoke-Pwsh @"
Import-Module '$Manifest'; $UseYaml
Import-Module '$Manifest' -Force; $UseYaml; (Get-IncusServer).Version.Length -gt 0
Remove-Module IncusCompose
Import-Module '$Manifest'; $UseYaml; (Get-IncusServer).Version.Length -gt 0
(Get-Command -Module IncusCompose -CommandType Cmdlet).Count
"@ | Should -Be 'loaded', 'loaded', 'True', 'loaded', 'True', "$((Import-PowerShellDataFile $Manifest).CmdletsToExport.Count)"
    }

    It 'works beside an older YamlDotNet after -Force' -Skip:$withoutPlatyPS {
        Invoke-Pwsh "$LoadOlderYaml`nImport-Module '$Manifest'; Import-Module '$Manifest' -Force`n$UseYaml" | Should -Be 'loaded'
    }

    It 'closes its connections when it is removed' {
        incus init busybox watched
        Invoke-Pwsh @"
Import-Module '$Manifest'
# A wait opens the websocket of events, which stays open.
Get-IncusInstance | Wait-IncusInstance -Status Frozen -Timeout 0.1 -ErrorAction SilentlyContinue
function Count { @(ls -l /proc/`$PID/fd | Where-Object { `$_ -match 'socket:' }).Count }
`$open = Count
Remove-Module IncusCompose
`$until = [DateTime]::UtcNow.AddSeconds(10)
while ((Count) -ge `$open -and [DateTime]::UtcNow -lt `$until) { [Threading.Thread]::Yield() | Out-Null }
(Count) -lt `$open
"@ | Should -Be 'True'
        incus delete watched
    }

    It 'serves three runspaces at once, each with a default server of its own' {
        Invoke-Pwsh @"
`$missing = Join-Path ([IO.Path]::GetTempPath()) 'no.socket'
`$jobs = 1..3 | ForEach-Object {
    Start-ThreadJob -ArgumentList `$_ {
        param(`$number)
        Import-Module '$Manifest'
        if (`$number -eq 2) { `$null = Connect-IncusServer -Socket '$env:INCUS_SOCKET' -Project default }
        $UseYaml
        "`$number `$((Get-IncusServer).Name)"
    }
}
`$jobs | Receive-Job -Wait | Sort-Object
"@ | Should -Be "1 local", "2 $env:INCUS_SOCKET", "3 local", 'loaded', 'loaded', 'loaded'
    }
}
