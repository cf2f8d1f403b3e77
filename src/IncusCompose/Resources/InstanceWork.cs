using Incus.Client;
using IncusCompose.Applying;

namespace IncusCompose.Resources;

/// <summary>What the server is doing to instances at the moment. It refuses to do two things to one instance at a time.</summary>
internal static class InstanceWork
{
    /// <summary>Waits until nothing is going on with any of the instances; true where there was something.</summary>
    /// <param name="context">Where and for whom.</param>
    /// <param name="instances">Their names, or addresses in the API.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<bool> SettleAsync(ApplyContext context, IEnumerable<string> instances, CancellationToken cancellationToken)
    {
        var names = instances.Select(NameIn).ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0)
            return false;
        var operations = await context.Client.Operations.ListAsync(cancellationToken).ConfigureAwait(false);
        var going = operations.Where(operation => !operation.IsFinal
            && operation.Resources.GetValueOrDefault("instances")?.Any(address => names.Contains(NameIn(address))) == true).ToList();
        foreach (var operation in going)
        {
            context.Say("waiting for: " + operation.Description);
            try
            {
                var attached = await context.Client.Operations.AttachAsync(operation.Id, cancellationToken).ConfigureAwait(false);
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
