<#
.SYNOPSIS
    Runs the tests of the module in this PowerShell, which should be a fresh one, on a private Incus started for them.
    Ends with a line that counts them.
.PARAMETER Path
    What to run: the whole folder by default.
#>
[CmdletBinding()]
param([string[]] $Path = $PSScriptRoot)

$ErrorActionPreference = 'Stop'
$lab = Join-Path $PSScriptRoot '../lab/lab'
$name = "pester$PID"
# The lab ends with this process, whichever end it has.
$null = & $lab start $name --owner $PID
if ($LASTEXITCODE -ne 0) { throw "The lab did not start: see above." }
foreach ($line in & $lab env $name) {
    $key, $value = $line -split '=', 2
    Set-Item -Path "env:$key" -Value $value
}

try {
    Import-Module Pester -MinimumVersion 5.5
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = $Path
    $configuration.Run.PassThru = $true
    $configuration.Output.Verbosity = 'Detailed'
    $configuration.Output.RenderMode = 'Plaintext'
    $result = Invoke-Pester -Configuration $configuration
    # A few tests that were unlucky beside everything else that runs on the machine run once more by themselves.
    $lucky = @()
    if ($result.FailedCount -in 1..5) {
        $configuration.Run.Path = @($result.Failed.ScriptBlock.File | Select-Object -Unique)
        $configuration.Filter.Line = @($result.Failed | ForEach-Object { "$($_.ScriptBlock.File):$($_.StartLine)" } | Select-Object -Unique)
        $again = Invoke-Pester -Configuration $configuration
        $lucky = @($result.Failed | Where-Object ExpandedPath -In $again.Passed.ExpandedPath)
        foreach ($test in $lucky) { "SECOND TRY Pester: $($test.ExpandedPath): $($test.ErrorRecord | Select-Object -First 1)" }
    }
} finally {
    & $lab stop $name
}

# A file that does not load, or a BeforeAll that throws, fails tests that were never counted.
$broken = $result.FailedBlocksCount + $result.FailedContainersCount
$failed = $result.FailedCount - $lucky.Count + $broken
"$($result.PassedCount + $lucky.Count) passed, $failed failed, $($result.SkippedCount + $result.NotRunCount) skipped"
exit [int]($failed -gt 0)
