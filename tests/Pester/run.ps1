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
} finally {
    & $lab stop $name
}

# A file that does not load, or a BeforeAll that throws, fails tests that were never counted.
$broken = $result.FailedBlocksCount + $result.FailedContainersCount
"$($result.PassedCount) passed, $($result.FailedCount + $broken) failed, $($result.SkippedCount + $result.NotRunCount) skipped"
exit [int]($result.FailedCount + $broken -gt 0)
