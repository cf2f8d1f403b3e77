@{
    RootModule           = 'bin/IncusCompose.PowerShell.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5f4b1d0e-6f0e-4f0c-9a4e-2f6c8a1b7d35'
    Author               = 'The IncusCompose authors'
    CompanyName          = 'IncusCompose'
    Copyright            = 'The IncusCompose authors. Apache-2.0.'
    Description          = 'Docker compose for Incus, better: stacks of system containers and virtual machines in one file, with a true plan, changes in place, and nothing lost.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')

    # In the default load context, so that [IncusCompose...] and [Incus.Client...] work as type literals.
    # YamlDotNet is not here on purpose: it is loaded from bin/deps, apart from any other module's copy.
    RequiredAssemblies   = @('bin/Incus.Client.dll', 'bin/IncusCompose.dll')
    FormatsToProcess     = @('bin/IncusCompose.format.ps1xml')
    TypesToProcess       = @('bin/IncusCompose.types.ps1xml')

    CmdletsToExport      = @(
        'Backup-IncusStack'
        'Checkpoint-IncusStack'
        'Compare-IncusStack'
        'Connect-IncusServer'
        'ConvertFrom-DockerCompose'
        'Export-IncusInventory'
        'Export-IncusSshConfig'
        'Export-IncusStack'
        'Copy-IncusStack'
        'Get-IncusInstance'
        'Get-IncusServer'
        'Get-IncusStack'
        'Get-IncusStackCheckpoint'
        'Get-IncusStackGraph'
        'Get-IncusStackHealth'
        'Get-IncusStackLog'
        'Import-IncusStack'
        'Invoke-IncusCommand'
        'Invoke-IncusCompose'
        'New-IncusInstance'
        'Publish-IncusImage'
        'Remove-IncusInstance'
        'Remove-IncusStack'
        'Remove-IncusStackCheckpoint'
        'Restart-IncusInstance'
        'Restart-IncusStack'
        'Resume-IncusStack'
        'Restore-IncusStack'
        'Set-IncusStackScale'
        'Start-IncusInstance'
        'Start-IncusStack'
        'Stop-IncusInstance'
        'Stop-IncusStack'
        'Suspend-IncusStack'
        'Test-IncusStack'
        'Wait-IncusInstance'
        'Wait-IncusStack'
        'Watch-IncusStack'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @('ConvertTo-IncusStack')

    PrivateData          = @{
        PSData = @{
            Tags = @('Incus', 'compose', 'container', 'containers', 'virtual-machine', 'infrastructure', 'PSEdition_Core', 'Linux', 'MacOS')
        }
    }
}
