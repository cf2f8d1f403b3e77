<#
.SYNOPSIS
    Runs the tests of the module in this PowerShell, which should be a fresh one, and ends with a line that counts them.
.PARAMETER Path
    What to run: the whole folder by default.
#>
[CmdletBinding()]
param([string[]] $Path = $PSScriptRoot)

Import-Module Pester -MinimumVersion 5.5
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$configuration.Output.RenderMode = 'Plaintext'
$result = Invoke-Pester -Configuration $configuration

# A file that does not load, or a BeforeAll that throws, fails tests that were never counted.
$broken = $result.FailedBlocksCount + $result.FailedContainersCount
"$($result.PassedCount) passed, $($result.FailedCount + $broken) failed, $($result.SkippedCount + $result.NotRunCount) skipped"
exit [int]($result.FailedCount + $broken -gt 0)
