using Incus.Client;
using IncusCompose.Applying;

namespace IncusCompose.Resources;

/// <summary>
/// What the server is doing to instances at the moment. It refuses to do two things to one instance at a time; commands and
/// consoles that somebody has open in it are not among them, and may stay open for days.
/// </summary>
internal static class InstanceWork
{
    private static readonly string[] Sessions = ["Executing command", "Showing console"];

    /// <summary>Waits until nothing is going on with any of the instances; true where there was something.</summary>
    /// <param name="context">Where and for whom.</param>
    /// <param name="instances">Their names, or addresses in the API.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<bool> SettleAsync(ApplyContext context, IEnumerable<string> instances, CancellationToken cancellationToken)
    {
        var names = instances.Select(NameIn).ToHashSet(StringComparer.Ordinal);
        return names.Count > 0 && await SettleAsync(
            context.Client,
            operation => !Sessions.Contains(operation.Description) && operation.Resources.GetValueOrDefault("instances")?.Any(address => names.Contains(NameIn(address))) == true,
            context.Say, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until no operation is going on any more that is meant; true where there was one.</summary>
    public static async Task<bool> SettleAsync(IncusClient client, Func<OperationInfo, bool> isMeant, Action<string> say, CancellationToken cancellationToken)
    {
        var operations = await client.Operations.ListAsync(cancellationToken).ConfigureAwait(false);
        var going = operations.Where(operation => !operation.IsFinal && isMeant(operation)).ToList();
        foreach (var operation in going)
        {
            say("waiting for: " + operation.Description);
            try
            {
                var attached = await client.Operations.AttachAsync(operation.Id, cancellationToken).ConfigureAwait(false);
                await attached.WaitAsync(null, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException)
            {
                // However it ended, what matters is what it left; that is looked at next.
            }
        }

        return going.Count > 0;
    }

    private static string NameIn(string address)
    {
        var path = address.Split('?')[0];
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }
}
