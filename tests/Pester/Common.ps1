# What the test files share. Dot-sourced in a BeforeAll; run.ps1 has started a lab and set the variables that point to it.

$script:Root = (Resolve-Path (Join-Path $PSScriptRoot '../..')).Path
$script:Manifest = Join-Path $Root 'IncusCompose.psd1'
$script:Lab = Join-Path $Root 'tests/lab/lab'
# Incus 7 knows control groups of version 2 alone, and counts nothing where the machine has them of version 1 too.
$script:CountsUsage = $env:LAB_INCUS_VERSION -ne '7' -or (Test-Path /sys/fs/cgroup/cgroup.controllers)

# What Incus's own command says, as objects: the tests never ask the module what the module did.
function Get-Api {
    param([Parameter(Mandatory)][string] $Path)
    $json = incus query $Path
    if ($LASTEXITCODE -ne 0) { throw "incus query $Path ended with $LASTEXITCODE" }
    $json | ConvertFrom-Json -AsHashtable -Depth 50
}

# Everything that a stack could have changed, as one text to compare before and after.
function Get-ServerState {
    $state = foreach ($collection in 'instances', 'networks', 'profiles', 'projects', 'images', 'storage-pools', 'storage-pools/default/volumes') {
        # The bridges of other labs on this machine are seen too, but are nobody's business here.
        $items = @(Get-Api "/1.0/$($collection)?recursion=1") | Where-Object { $_ -and ($collection -ne 'networks' -or $_.managed) }
        foreach ($item in $items) {
            $item.Remove('last_used_at')
            $item.Remove('used_by')
        }
        "$collection $($items | Sort-Object { $_.name ?? $_.fingerprint } | ForEach-Object { ConvertTo-Json (ConvertTo-Sorted $_) -Depth 50 -Compress })"
    }
    $state -join "`n"
}

function ConvertTo-Sorted {
    param($Value)
    if ($Value -is [System.Collections.IDictionary]) {
        $sorted = [ordered]@{}
        foreach ($key in $Value.Keys | Sort-Object) { $sorted[$key] = ConvertTo-Sorted $Value[$key] }
        return $sorted
    }
    if ($Value -is [array]) { return , @($Value | ForEach-Object { ConvertTo-Sorted $_ }) }
    $Value
}

# Runs a script in a PowerShell of its own and returns what it wrote; fails with its errors where it does.
function Invoke-Pwsh {
    param(
        [Parameter(Mandatory)][string] $Script,
        [string] $WorkingDirectory = $Root
    )
    $errors = New-TemporaryFile
    try {
        Push-Location $WorkingDirectory
        $text = "`$ErrorActionPreference = 'Stop'; `$PSStyle.OutputRendering = 'PlainText'; `$ProgressPreference = 'SilentlyContinue'; $Script"
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($text))
        $output = pwsh -NoLogo -NoProfile -NonInteractive -EncodedCommand $encoded 2>$errors
        if ($LASTEXITCODE -ne 0) { throw "pwsh ended with $LASTEXITCODE`: $(Get-Content -Raw $errors) $output" }
        $output
    } finally {
        Pop-Location
        Remove-Item $errors
    }
}

# A stack file in a folder of the test's own; LAB_SUBNET's neighbours belong to this lab alone.
function Write-StackFile {
    param(
        [Parameter(Mandatory)][string] $Text,
        [string] $Name = 'stack.yaml'
    )
    $folder = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
    $null = New-Item -ItemType Directory $folder
    $path = Join-Path $folder $Name
    Set-Content -Path $path -Value $Text
    $path
}

# Imports the image that boots systemd, cloud-init and sshd (with -Broken one whose cloud-init ends in error), and returns its alias.
function Import-SystemImage {
    param([switch] $Broken)
    $alias = $Broken ? 'debian-broken' : 'debian'
    & $Lab image $env:LAB_NAME $alias
    if ($LASTEXITCODE -ne 0) { throw "The lab's system image is not to be had: see above." }
    $alias
}

# A bridge's name is one for the whole machine, and is no longer than 15 characters.
function Get-BridgeName { param([string] $Suffix) "pe$($env:LAB_NUMBER)$Suffix" }

# The lab's own subnets beside its bridge's, as "10.213.N".
function Get-FreeSubnet {
    param([int] $Index)
    ($env:LAB_FREE_SUBNETS -split ',')[$Index] -replace '\.0/24$', ''
}

# The daemon looks at every link of the host to delete a bridge, and fails where one of another lab vanishes meanwhile.
function Clear-Network {
    param([Parameter(Mandatory)][string] $Name)
    for ($attempt = 1; ; $attempt++) {
        $said = incus network delete $Name 2>&1
        if ($LASTEXITCODE -eq 0) { return }
        if ($attempt -ge 12 -or "$said" -notlike '*link show*') { throw "incus network delete $Name ended with $LASTEXITCODE`: $said" }
    }
}

# Takes away what a test left, with the vendor's own command.
function Clear-Lab {
    foreach ($instance in @(Get-Api '/1.0/instances?recursion=1')) { incus delete --force $instance.name }
    foreach ($network in @(Get-Api '/1.0/networks?recursion=1')) {
        if ($network.managed -and $network.name -ne $env:LAB_BRIDGE) { Clear-Network $network.name }
    }
    foreach ($volume in @(Get-Api '/1.0/storage-pools/default/volumes?recursion=1')) {
        if ($volume.type -eq 'custom') { incus storage volume delete default $volume.name }
    }
    foreach ($item in @(Get-Api '/1.0/profiles?recursion=1')) {
        if ($item.name -ne 'default') { incus profile delete $item.name }
    }
}
