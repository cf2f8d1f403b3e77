using System.Management.Automation;
using System.Net;
using System.Runtime.CompilerServices;
using Incus.Client;
using IncusCompose.Instances;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Finds instances and their state.</summary>
internal static class InstanceLookup
{
    /// <summary>How many states are read at one time.</summary>
    private const int Parallelism = 16;

    /// <summary>The instances that a user means. What does not exist is an error of its own, a pattern without match is none.</summary>
    public static Task<IReadOnlyList<Instance>> FindAsync(
        Pipeline pipeline, ServerConnection connection, InstanceIdentity identity, CancellationToken cancellationToken) =>
        FindAsync(connection, identity, exception => pipeline.WriteError(
            CmdletErrors.InstanceNotFound(identity.Name, connection.Project, connection.Server, identity.Original, exception)), cancellationToken);

    /// <summary>The instances that a user means; a name that does not exist is told.</summary>
    /// <exception cref="CmdletException">There is no such project.</exception>
    public static async Task<IReadOnlyList<Instance>> FindAsync(
        ServerConnection connection, InstanceIdentity identity, Action<IncusNotFoundException> tellMissing, CancellationToken cancellationToken)
    {
        if (identity.IsPattern)
        {
            var wanted = WildcardPattern.Get(identity.Name, WildcardOptions.IgnoreCase);
            var all = await ListAsync(connection, cancellationToken).ConfigureAwait(false);
            return [.. all.Where(instance => wanted.IsMatch(instance.Name)).OrderBy(instance => instance.Name, StringComparer.Ordinal)];
        }

        try
        {
            return [(await connection.Client.Instances.GetAsync(identity.Name, cancellationToken).ConfigureAwait(false)).Value];
        }
        catch (IncusNotFoundException exception)
        {
            await RequireProjectAsync(connection, cancellationToken).ConfigureAwait(false);
            tellMissing(exception);
            return [];
        }
    }

    /// <summary>The instances of the connection's project. What checkpoints keep is found by its own name alone.</summary>
    /// <exception cref="CmdletException">There is no such project.</exception>
    public static async Task<IReadOnlyList<Instance>> ListAsync(ServerConnection connection, CancellationToken cancellationToken)
    {
        var instances = await connection.Client.Instances.ListAsync(cancellationToken).ConfigureAwait(false);
        if (instances.Count == 0)
            await RequireProjectAsync(connection, cancellationToken).ConfigureAwait(false);
        return [.. instances.Where(instance => !InstanceFacts.IsKeptCopy(instance))];
    }

    /// <summary>Incus says of a project that does not exist that it holds no instances: this tells the two apart.</summary>
    private static async Task RequireProjectAsync(ServerConnection connection, CancellationToken cancellationToken)
    {
        var project = connection.Project;
        if (project != IncusClient.DefaultProject && await connection.Client.Projects.FindAsync(project, cancellationToken).ConfigureAwait(false) is null)
            throw new CmdletException(CmdletErrors.ProjectNotFound(project, connection.Server));
    }

    /// <summary>Reads the states of those that run, several at one time, and returns the instances in the order given.</summary>
    public static async IAsyncEnumerable<IncusInstance> WithStateAsync(
        ServerConnection connection, IReadOnlyList<Instance> instances, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(Parallelism);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reads = instances.Select(ReadInTurnAsync).ToList();
        try
        {
            foreach (var read in reads)
            {
                if (await read.ConfigureAwait(false) is { } instance)
                    yield return instance;
            }
        }
        finally
        {
            await enough.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(reads)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task<IncusInstance?> ReadInTurnAsync(Instance instance)
        {
            if (instance.StatusCode is StatusCode.Stopped)
                return IncusInstance.From(connection, instance, null);
            await places.WaitAsync(enough.Token).ConfigureAwait(false);
            try
            {
                return await WithStateAsync(connection, instance, enough.Token).ConfigureAwait(false);
            }
            finally
            {
                places.Release();
            }
        }
    }

    /// <summary>Reads an instance with its state; null where it is gone.</summary>
    public static async Task<IncusInstance?> ReadAsync(ServerConnection connection, string name, CancellationToken cancellationToken) =>
        await connection.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false) is { } found
            ? await WithStateAsync(connection, found.Value, cancellationToken).ConfigureAwait(false)
            : null;

    private static async Task<IncusInstance?> WithStateAsync(ServerConnection connection, Instance instance, CancellationToken cancellationToken)
    {
        try
        {
            var project = instance.Project.Length > 0 ? connection.Client.ForProject(instance.Project) : connection.Client;
            return IncusInstance.From(connection, instance, await project.Instances.GetStateAsync(instance.Name, cancellationToken).ConfigureAwait(false));
        }
        catch (IncusNotFoundException)
        {
            // Deleted between the list and the look at its state.
            return null;
        }
        catch (IncusException exception) when (exception.StatusCode is HttpStatusCode.InternalServerError)
        {
            // An instance that is just starting or stopping may have no readable state for a moment.
            return IncusInstance.From(connection, instance, null);
        }
    }
}
