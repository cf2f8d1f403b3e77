using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Validation;

/// <summary>Checks what can be known of a definition without a server.</summary>
public static class StackValidator
{
    private static readonly Action<StackDefinition, Findings>[] s_rules =
    [
        NameRules.Check,
        ReferenceRules.Check,
        BuildRules.Check,
        DependencyRules.CheckExistence,
        DependencyRules.CheckCycles,
        PortRules.Check,
        PortRules.CheckVirtualMachines,
        AddressRules.CheckNetworks,
        NetworkRules.CheckWords,
        NetworkRules.CheckTargets,
        NetworkRules.CheckRecords,
        NetworkAclRules.Check,
        NetworkAclRules.CheckBridges,
        AddressRules.CheckFixedAddresses,
        AddressRules.CheckDuplicates,
        AddressRules.CheckInterfaceNames,
        AddressRules.CheckNetworkTwice,
        MountRules.CheckTargets,
        MountRules.CheckNesting,
        MountRules.CheckPools,
        MountRules.CheckExternal,
        StorageRules.CheckPools,
        StorageRules.CheckVolumes,
        StorageRules.CheckBuckets,
        InstanceRules.CheckSizes,
        InstanceRules.CheckEphemeral,
        ProjectLimitRules.Check,
        InstanceRules.CheckReadiness,
        InstanceRules.CheckLogin,
        GuestRules.CheckGrants,
        GuestRules.CheckTargets,
        GuestRules.CheckUsers,
        ReplicaRules.Check,
        InstanceRules.CheckProfiles,
        InstanceRules.CheckCloudInit,
        InstanceRules.CheckVariables,
        DeviceRules.Check,
        OptionRules.CheckTypes,
        OptionRules.CheckSaidTwice,
        OptionRules.CheckConflicts,
        ConfigRules.CheckOverrides,
        ComposeRules.CheckOverrides,
        ComposeRules.CheckVirtualMachines,
        ComposeRules.CheckNetworkMode,
        ComposeRules.CheckNamespaces,
        ComposeRules.CheckDns,
        ConfigRules.CheckReserved,
        ConfigKeyRules.Check,
    ];

    /// <summary>Every problem of the definition, in the order of the rules; places are those of its source map.</summary>
    public static IReadOnlyList<Diagnostic> Validate(StackDefinition stack)
    {
        var findings = new Findings(stack.Source);
        foreach (var rule in s_rules)
            rule(stack, findings);
        return findings.Items;
    }
}
