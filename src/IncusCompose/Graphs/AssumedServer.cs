using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Graphs;

/// <summary>A server that has all that a stack names and does not make: what the file says of dependencies can be told without a real one.</summary>
internal static class AssumedServer
{
    private const string DefaultPool = "default";

    public static PlanningContext ContextOf(StackDefinition stack) => new(stack, stack.Project?.Name ?? "default", Observe(stack), Remotes(stack));

    private static ServerObservation Observe(StackDefinition stack)
    {
        var (pools, networks, profiles, volumes) = (new StoragePoolKind(), new NetworkKind(), new ProfileKind(), new VolumeKind());
        IReadOnlyDictionary<string, string> root = new Dictionary<string, string> { ["type"] = "disk", ["path"] = "/", ["pool"] = DefaultPool };
        return new ServerObservation(
            [
                .. StoragePoolKind.NamesIn(stack).Append(DefaultPool).Distinct()
                    .Select(name => pools.Describe(StoragePoolKind.IdOf(name), new StoragePool { Name = name })),
                .. stack.Instances.Values.SelectMany(instance => instance.Networks).Select(nic => nic.Network).Distinct()
                    .Select(name => networks.Describe(NetworkKind.IdOf(name), new Network { Name = name, Managed = true })),
                .. stack.Instances.Values.SelectMany(InstanceForm.ProfilesOf).Distinct()
                    .Select(name => profiles.Describe(ProfileKind.IdOf(name), new Profile { Name = name, Devices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["root"] = root } })),
                .. stack.Instances.Values.SelectMany(instance => instance.Volumes).Where(mount => !mount.IsHostPath && !stack.Volumes.ContainsKey(mount.Source))
                    .Select(mount => mount.Source).Distinct()
                    .Select(name => volumes.Describe(VolumeKind.IdOf(DefaultPool, name), new StorageVolume { Name = name })),
            ],
            []);
    }

    /// <summary>Whatever remote an image names is one.</summary>
    private static ClientConfiguration Remotes(StackDefinition stack) => new()
    {
        Remotes = stack.Instances.Values.Select(instance => StackImages.ReferenceOf(instance.Image, stack))
            .Concat(stack.Images.Values.Select(image => image.Source))
            .Where(reference => reference.Contains(':', StringComparison.Ordinal))
            .Select(reference => reference[..reference.IndexOf(':', StringComparison.Ordinal)])
            .Distinct()
            .ToDictionary(name => name, name => new IncusRemote { Name = name, Addresses = [name], Protocol = "simplestreams", Public = true }),
    };
}
