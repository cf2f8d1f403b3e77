using Incus.Client;
using IncusCompose.Instances;
using IncusCompose.Resources;

namespace IncusCompose.Ssh;

/// <summary>Reads from the server how its instances are reached. Nothing is kept: what is gone is gone at the next call.</summary>
internal static class AccessReader
{
    private const string LabelPrefix = "user.label.";
    private const string HostKeyFolder = "/etc/ssh";

    // More than any SSH server has, in a folder where the guest may put anything.
    private const int MostKeys = 20;
    private const int LargestKey = 64 * 1024;

    // Beyond this, asking more at once makes each answer later.
    private const int Parallelism = 16;

    public static async Task<IReadOnlyList<InstanceAccess>> ReadAsync(IncusClient client, AccessOptions options, CancellationToken cancellationToken)
    {
        var listing = options.AllProjects ? client.Instances.ListAllProjectsAsync(cancellationToken) : client.Instances.ListAsync(cancellationToken);
        var networks = (await client.Networks.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(network => network.Name, StringComparer.Ordinal);
        var instances = (await listing.ConfigureAwait(false))
            .Where(instance => !InstanceFacts.IsKeptCopy(instance) && options.Wanted?.Invoke(instance) != false)
            .OrderBy(instance => instance.Project, StringComparer.Ordinal)
            .ThenBy(instance => instance.Name, StringComparer.Ordinal);
        using var places = new SemaphoreSlim(Parallelism);
        return await Task.WhenAll(instances.Select(async instance =>
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await ReadAsync(client, instance, networks, options, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                places.Release();
            }
        })).ConfigureAwait(false);
    }

    /// <summary>How one instance is reached.</summary>
    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static async Task<InstanceAccess> ReadAsync(IncusClient client, Instance instance, CancellationToken cancellationToken)
    {
        var networks = (await client.Networks.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(network => network.Name, StringComparer.Ordinal);
        return await ReadAsync(client, instance, networks, new AccessOptions(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<InstanceAccess> ReadAsync(
        IncusClient server, Instance instance, IReadOnlyDictionary<string, Network> networks, AccessOptions options, CancellationToken cancellationToken)
    {
        var project = instance.Project.Length > 0 ? instance.Project : server.Project;
        var access = new InstanceAccess
        {
            Name = instance.Name,
            Project = project,
            Server = server.Name,
            Stack = InstanceFacts.StackOf(instance),
            Status = instance.Status,
            Type = instance.Type,
            Image = InstanceFacts.ImageOf(instance),
            Labels = instance.ExpandedConfig
                .Where(entry => entry.Key.StartsWith(LabelPrefix, StringComparison.Ordinal))
                .OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .ToDictionary(entry => entry.Key[LabelPrefix.Length..], entry => entry.Value),
        };
        if (RecordedWords.ReadSsh(instance.Config) is not { } ssh)
            return access;
        access = access with { User = ssh.User, Port = ssh.Port, KeyFile = PublicKeys.FindPrivate(ssh.Keys) };
        if (instance.StatusCode is not (StatusCode.Running or StatusCode.Ready))
            return access;
        var client = server.ForProject(project);
        var reading = HostKeysAsync(client, instance.Name, cancellationToken);
        try
        {
            var state = await client.Instances.GetStateAsync(instance.Name, cancellationToken).ConfigureAwait(false);
            if (SshRoute.Find(instance, state, networks, server.Address, ssh.Port, options.Jump) is { } route)
                access = access with { Address = route.Address, Port = route.Port, Jump = route.Jump, Obstacle = route.Jump is null && SshRoute.IsApart(server.Address, instance) ? SshRoute.WhyApart : null };
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            // It has stopped, or gone, since the list was read.
        }

        return access with { HostKeys = await reading.ConfigureAwait(false) };
    }

    /// <summary>The public keys of the SSH server, from its own files: nobody on the way can have changed them.</summary>
    private static async Task<IReadOnlyList<string>> HostKeysAsync(IncusClient client, string instance, CancellationToken cancellationToken)
    {
        try
        {
            return await GuestText.ReadAsync<IReadOnlyList<string>>(
                client, instance,
                async (files, token) =>
                {
                    var keys = new List<string>();
                    var names = (await files.ListAsync(HostKeyFolder, token).ConfigureAwait(false)).Select(file => file.Name)
                        .Where(name => name.StartsWith("ssh_host_", StringComparison.Ordinal) && name.EndsWith("_key.pub", StringComparison.Ordinal))
                        .Order(StringComparer.Ordinal);
                    foreach (var name in names.Take(MostKeys))
                    {
                        if (PublicKeys.IdentityOf(await files.ReadTextAsync($"{HostKeyFolder}/{name}", LargestKey, token).ConfigureAwait(false) ?? "") is { } key)
                            keys.Add(key);
                    }

                    return keys;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            // No SSH server yet, or an agent that does not answer.
            return [];
        }
    }
}
