<#
.SYNOPSIS
    Builds the help that ships with the module (en-US) from the pages in this folder.
.DESCRIPTION
    Needs Microsoft.PowerShell.PlatyPS 1.0, but neither the module nor a server. The tests compare the pages with the
    cmdlets, and the help with what this script makes of the pages.
.PARAMETER OutputFolder
    Where to write; en-US in the repository by default.
.EXAMPLE
    pwsh docs/cmdlets/Build-Help.ps1
#>
[CmdletBinding()]
param(
    [string] $OutputFolder = (Join-Path $PSScriptRoot '../../en-US')
)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Import-Module Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0.0
$pages = Get-ChildItem $PSScriptRoot -Filter *-*.md

$folder = Join-Path ([IO.Path]::GetTempPath()) ([guid]::NewGuid())
try {
    $file = Import-MarkdownCommandHelp -Path $pages | Export-MamlCommandHelp -OutputFolder $folder
    $help = [xml]::new()
    $help.PreserveWhitespace = $true
    $help.Load($file.FullName)
} finally {
    Remove-Item $folder -Recurse -ErrorAction Ignore
}

$names = [Xml.XmlNamespaceManager]::new($help.NameTable)
$names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
$names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
$names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')

# Get-Help shows text as it is: of links, only what they are called.
foreach ($paragraph in $help.SelectNodes('//maml:para', $names)) {
    if ($paragraph.InnerText -match '\]\(') { $paragraph.InnerText = $paragraph.InnerText -replace '\[([^\]]+)\]\([^)]+\)', '$1' }
}

# platyPS leaves the fences of Markdown in the examples. Get-Help wants the command in a place of its own.
foreach ($example in $help.SelectNodes('//command:example', $names)) {
    $remarks = $example.SelectSingleNode('dev:remarks', $names)
    $begun = ''
    foreach ($paragraph in @($example.SelectNodes('maml:introduction/maml:para', $names))) {
        $text = $begun + $paragraph.InnerText
        # What stands between fences may have empty lines.
        $begun = $text -match '^```' -and $text -notmatch '\n```$' ? "$text`n`n" : ''
        if ($begun) { continue }
        if ($text -match '(?s)^```powershell\n(.*)\n```$') {
            $example.SelectSingleNode('dev:code', $names).InnerText = $Matches[1]
            continue
        }
        if ($text -match '(?s)^```output\n(.*)\n```$') { $text = $Matches[1] }
        if ($text.Length -le 1) { continue }
        $remark = $help.CreateElement('maml', 'para', $names.LookupNamespace('maml'))
        $remark.InnerText = $text
        $null = $remarks.AppendChild($remark)
    }
    $null = $example.RemoveChild($example.SelectSingleNode('maml:introduction', $names))
}

# There is no page online yet, and the pages' own names mean nothing to Get-Help.
foreach ($link in @($help.SelectNodes('//maml:navigationLink', $names))) {
    if ($link.SelectSingleNode('maml:linkText', $names).InnerText -eq 'Online Version') {
        $null = $link.ParentNode.RemoveChild($link)
    } else {
        $link.SelectSingleNode('maml:uri', $names).InnerText = ''
    }
}

$null = New-Item -ItemType Directory -Force $OutputFolder
$target = Join-Path (Resolve-Path $OutputFolder) 'IncusCompose.PowerShell.dll-Help.xml'
$settings = [Xml.XmlWriterSettings]@{ Indent = $false; NewLineChars = "`n"; NewLineHandling = 'Replace'; Encoding = [Text.UTF8Encoding]::new($false) }
$writer = [Xml.XmlWriter]::Create($target, $settings)
try { $help.Save($writer) } finally { $writer.Dispose() }
