using Incus.Client;
using IncusCompose.Readiness;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Guests;

/// <summary>What was seen of an instance's files: of those that it is to have, and of those that were put there before.</summary>
internal sealed record GuestLook
{
    // Several at a time, but not all: each is a process of the server's.
    private const int MostAtOnce = 8;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    /// <summary>What differs, by path, in a few words.</summary>
    public required IReadOnlyDictionary<string, string> Differences { get; init; }

    /// <summary>What was written once, is no longer wanted, and is as it was written: it can be taken away.</summary>
    public required IReadOnlySet<string> Removable { get; init; }

    /// <summary>Looks into the instances of a stack that are to have files, or had some. One that cannot be looked into is left out: what is recorded of it has to do.</summary>
    /// <param name="client">The connection, in the stack's project.</param>
    /// <param name="wanted">What instances are to have, by their names.</param>
    /// <param name="server">What is live.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task<IReadOnlyDictionary<string, GuestLook>> OfAsync(
        IncusClient client, IReadOnlyDictionary<string, IReadOnlyList<GuestFile>> wanted, ServerObservation server, CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(MostAtOnce);
        var looks = await Task.WhenAll(wanted.Select(async pair =>
        {
            var (name, files) = pair;
            if (server.Find(InstanceKind.IdOf(name))?.Raw is not Instance instance || !CanBeSeen(instance))
                return (name, null);
            var record = GuestRecord.Read(instance.Config);
            if (files.Count == 0 && record.Entries.Count == 0)
                return (name, null);
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return (name, await LookAsync(client, instance, files, record, cancellationToken).ConfigureAwait(false));
            }
            finally
            {
                places.Release();
            }
        })).ConfigureAwait(false);
        return looks.Where(look => look.Item2 is not null).ToDictionary(look => look.name, look => look.Item2!, StringComparer.Ordinal);
    }

    /// <summary>True where the server shows an instance's files: a container's always, a virtual machine's while it runs.</summary>
    public static bool CanBeSeen(Instance instance) =>
        instance.StatusCode is StatusCode.Stopped ? instance.Type == InstanceTypes.Container : GateCheck.IsRunning(instance.StatusCode);

    private static async Task<GuestLook?> LookAsync(IncusClient client, Instance instance, IReadOnlyList<GuestFile> wanted, GuestRecord record, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_limit);
        try
        {
            var opened = await client.Instances.OpenFilesAsync(instance.Name, limit.Token).ConfigureAwait(false);
            await using var closing = opened.ConfigureAwait(false);
            var guest = new GuestFileSystem(opened, instance.Name, instance.StatusCode is not StatusCode.Stopped);
            var differences = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var file in wanted)
            {
                if (await guest.DifferenceAsync(file, limit.Token).ConfigureAwait(false) is { } difference)
                    differences[file.Target] = difference;
            }

            var removable = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (target, entry) in record.Entries.Where(entry => wanted.All(file => file.Target != entry.Key)))
            {
                if (await guest.IsAsWrittenAsync(target, record, entry, limit.Token).ConfigureAwait(false) == true)
                    removable.Add(target);
            }

            return new GuestLook { Differences = differences, Removable = removable };
        }
        // A machine whose agent does not answer, an instance that was stopped or deleted right now, a user who may not look.
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
