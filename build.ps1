<#
.SYNOPSIS
    The tasks of this repository, for PowerShell. Each is done by build.sh, the one place where it is written down.
.EXAMPLE
    ./build.ps1 -Task Test
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Quickstart', 'Down', 'Bench', 'Package', 'Clean')]
    [string] $Task = 'Build',

    # Passed on to the task.
    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Argument = @()
)

& bash (Join-Path $PSScriptRoot 'build.sh') $Task.ToLowerInvariant() @Argument
exit $LASTEXITCODE
