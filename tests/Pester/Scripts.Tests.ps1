BeforeDiscovery {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $scripts = Get-ChildItem $root -File | Where-Object Extension -in '.ps1', '.psd1', '.ps1xml'
    $scripts += Get-ChildItem "$PSScriptRoot", "$root/docs" -File -Recurse -Filter *.ps1
    $cases = $scripts | Where-Object Extension -ne '.ps1xml' | ForEach-Object { @{ Script = $_.FullName; Name = [IO.Path]::GetRelativePath($root, $_.FullName) } }
}

Describe 'The PowerShell files of the repository' {
    It '<Name> passes the script analyzer' -ForEach $cases -Skip:(-not (Get-Module PSScriptAnalyzer -ListAvailable)) {
        # Pester's blocks share variables in a way the analyzer cannot see; PowerShell 7 reads UTF-8 without a mark.
        $findings = Invoke-ScriptAnalyzer -Path $Script -ExcludeRule PSUseDeclaredVarsMoreThanAssignments, PSUseBOMForUnicodeEncodedFile
        $findings | ForEach-Object { "$($_.ScriptName):$($_.Line): $($_.RuleName): $($_.Message)" } | Should -BeNullOrEmpty
    }
}
