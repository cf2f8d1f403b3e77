BeforeDiscovery {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $scripts = Get-ChildItem $root -File | Where-Object Extension -in '.ps1', '.psd1', '.ps1xml'
    $scripts += Get-ChildItem "$PSScriptRoot", "$root/docs" -File -Recurse -Filter *.ps1
    $cases = $scripts | Where-Object Extension -ne '.ps1xml' | ForEach-Object { @{ Script = $_.FullName; Name = [IO.Path]::GetRelativePath($root, $_.FullName) } }
}

Describe 'build.sh' {
    BeforeAll {
        # A checkout of its own, so that nobody misses what the test takes away; cp -a keeps the times.
        $script:Checkout = Join-Path $TestDrive 'checkout'
        $null = New-Item -ItemType Directory $Checkout
        $root = (Resolve-Path "$PSScriptRoot/../..").Path
        foreach ($part in 'src', 'bin', 'build.sh', 'global.json', 'Directory.Build.props', 'Directory.Packages.props', '.editorconfig') {
            if (Test-Path "$root/$part") { cp -a "$root/$part" $Checkout }
        }
        # What would be built is not: without an SDK the build ends as it begins.
        $null = New-Item -ItemType Directory "$TestDrive/no-sdk"
        Set-Content "$TestDrive/no-sdk/dotnet" "#!/bin/sh`nexit 1"
        chmod +x "$TestDrive/no-sdk/dotnet"
        function script:Invoke-Build { (bash -c 'PATH=$1:$PATH; exec "$2/build.sh" 2>&1' - "$TestDrive/no-sdk" $Checkout) -join "`n" }
    }

    It 'does nothing where everything is there' {
        Invoke-Build | Should -Be 'bin is up to date'
    }

    It 'builds again where <_> is gone' -ForEach 'bin/IncusCompose.PowerShell.dll', 'bin/deps/YamlDotNet.dll', 'bin/deps', 'bin/IncusCompose.format.ps1xml', 'bin/cli/incus-compose.dll', 'bin/incus-compose' {
        Rename-Item "$Checkout/$_" "$(Split-Path -Leaf $_).away"
        Invoke-Build | Should -BeLike '*No .NET SDK fits*'
        Rename-Item "$Checkout/$_.away" (Split-Path -Leaf $_)
        Invoke-Build | Should -Be 'bin is up to date'
    }

    It 'builds again where a file was cut short' {
        Set-Content "$Checkout/bin/IncusCompose.dll" ''
        Invoke-Build | Should -BeLike '*No .NET SDK fits*'
    }
}

Describe 'The PowerShell files of the repository' {
    It '<Name> passes the script analyzer' -ForEach $cases -Skip:(-not (Get-Module PSScriptAnalyzer -ListAvailable)) {
        # Pester's blocks share variables in a way the analyzer cannot see; PowerShell 7 reads UTF-8 without a mark.
        $findings = Invoke-ScriptAnalyzer -Path $Script -ExcludeRule PSUseDeclaredVarsMoreThanAssignments, PSUseBOMForUnicodeEncodedFile
        $findings | ForEach-Object { "$($_.ScriptName):$($_.Line): $($_.RuleName): $($_.Message)" } | Should -BeNullOrEmpty
    }
}
