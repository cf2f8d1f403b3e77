using System.Collections.Concurrent;
using System.Diagnostics;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Backups;

/// <summary>
/// Makes what a copy's plan says. Where that fails or is cancelled, everything that it made is taken away again, so that
/// it can be run again.
/// </summary>
internal sealed class StackBuilder
{
    private readonly StackCopyPlan _plan;
    private readonly CopyOptions _options;
    private readonly IProgress<CopyEvent>? _progress;
    private readonly ApplyContext _context;
    private readonly ConcurrentStack<PlacedResource> _made = [];

    public StackBuilder(IncusClient target, StackCopyPlan plan, CopyOptions options, ClientConfiguration remotes, IProgress<CopyEvent>? progress)
    {
        _plan = plan;
        _options = options;
        _progress = progress;
        _context = new ApplyContext(target, new StackPlan { Stack = plan.Stack, Project = plan.Project }, new ApplyOptions(), remotes);
    }

    private IncusClient Target => _context.Client;

    public async Task<StackCopyResult> RunAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            // In the order of the kinds: what others stand on comes first.
            foreach (var kind in _plan.Resources.Where(resource => !resource.Exists).GroupBy(resource => resource.Kind))
            {
                var work = new ParallelOptions
                {
                    // Two networks at a time are in each other's way on the host.
                    MaxDegreeOfParallelism = StackContent.HasData(kind.First().Id) ? _options.ThrottleLimit : 1,
                    CancellationToken = cancellationToken,
                };
                await Parallel.ForEachAsync(kind, work, async (resource, token) => await MakeAsync(resource, token).ConfigureAwait(false)).ConfigureAwait(false);
                // Now all are there that they name of their own kind.
                foreach (var resource in kind.Where(resource => !resource.IsRenewed && ResourceKinds.Of(resource.Id).BeforeOthers(resource.Desired) is not null))
                    await ResourceKinds.Of(resource.Id).AdoptAsync(_context, resource.Desired, static _ => false, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await TakeBackAsync().ConfigureAwait(false);
            throw;
        }

        return new StackCopyResult
        {
            Stack = _plan.Stack,
            Project = _plan.Project,
            Resources = _plan.Resources,
            // What could not be started is there all the same: its data is not thrown away for a port in use.
            NotStarted = _options.Start ? await StartAsync(cancellationToken).ConfigureAwait(false) : new Dictionary<string, string>(),
            Transferred = _plan.Source.Transferred,
            Duration = clock.Elapsed,
        };
    }

    private async Task MakeAsync(PlacedResource resource, CancellationToken cancellationToken)
    {
        var meter = new Meter(_progress, resource.Id, "copying");
        var kind = ResourceKinds.Of(resource.Id);
        if (resource.IsRenewed)
        {
            await RenewAsync(kind, resource, meter, cancellationToken).ConfigureAwait(false);
            return;
        }

        meter.Say("making");
        // Since this was planned somebody may have made it: what is there is theirs, and is not taken back.
        if (await kind.FindAsync(Target, resource.Id, cancellationToken).ConfigureAwait(false) is { } there && StackPlacer.IsInTheWay(there))
            throw new IncusConflictException($"{resource.Id} exists already: somebody has made it since this was planned", "Look at what is there, and plan again");
        try
        {
            if (resource.Kind == VolumeKind.KindName)
                await _plan.Source.MakeVolumeAsync(Target, resource, meter, cancellationToken).ConfigureAwait(false);
            else if (resource.Kind == InstanceKind.KindName)
                await _plan.Source.MakeInstanceAsync(Target, resource, meter, cancellationToken).ConfigureAwait(false);
            else
                // Not cancelled: it is soon over, and the server would finish it after it was looked for to be taken away.
                await kind.CreateAsync(_context, kind.BeforeOthers(resource.Desired) ?? resource.Desired, CancellationToken.None).ConfigureAwait(false);
            _made.Push(resource);
        }
        catch (IncusConflictException)
        {
            // Somebody else was faster: what is there is theirs.
            throw;
        }
        catch
        {
            // There is no telling how far the server came.
            _made.Push(resource);
            throw;
        }

        if (StackContent.HasData(resource.Id))
            await kind.AdoptAsync(_context, resource.Desired, _plan.Source.Forgets, cancellationToken).ConfigureAwait(false);
        meter.End("made");
    }

    /// <summary>Brings what an earlier copy made up to date. It keeps its own notes, such as hardware addresses.</summary>
    private async Task RenewAsync(ResourceKind kind, PlacedResource resource, Meter meter, CancellationToken cancellationToken)
    {
        meter.Say("renewing");
        if (resource.Kind == VolumeKind.KindName)
            await _plan.Source.MakeVolumeAsync(Target, resource, meter, cancellationToken).ConfigureAwait(false);
        else if (resource.Kind == InstanceKind.KindName)
            await _plan.Source.MakeInstanceAsync(Target, resource, meter, cancellationToken).ConfigureAwait(false);
        await kind.AdoptAsync(_context, resource.Desired, static _ => false, cancellationToken).ConfigureAwait(false);
        meter.End("renewed");
    }

    /// <summary>Takes away what was made, last first; what cannot be is left, with the stack's mark on it.</summary>
    private async Task TakeBackAsync()
    {
        await SettleAsync().ConfigureAwait(false);
        await PartAsync().ConfigureAwait(false);
        foreach (var resource in _made.OrderByDescending(made => ResourceKinds.RankOf(made.Id)))
        {
            var kind = ResourceKinds.Of(resource.Id);
            try
            {
                if (resource.Kind == InstanceKind.KindName)
                    await InstanceKind.UnprotectAsync(Target, resource.Name, CancellationToken.None).ConfigureAwait(false);
                if (await kind.FindAsync(Target, resource.Id, CancellationToken.None).ConfigureAwait(false) is { } there)
                    await kind.DeleteAsync(_context, there, CancellationToken.None).ConfigureAwait(false);
                _progress?.Report(new CopyEvent(resource.Id, "taken back") { Ended = true });
            }
            catch (IncusException error)
            {
                _progress?.Report(new CopyEvent(resource.Id, "could not be taken back: " + error.Message) { Ended = true });
            }
        }
    }

    /// <summary>What was made names no other of its kind any more, which the server would keep for it.</summary>
    private async Task PartAsync()
    {
        foreach (var resource in _made)
        {
            try
            {
                if (ResourceKinds.Of(resource.Id).BeforeOthers(resource.Desired) is { } alone)
                    await ResourceKinds.Of(resource.Id).AdoptAsync(_context, alone, static _ => false, CancellationToken.None).ConfigureAwait(false);
            }
            catch (IncusException)
            {
                // What cannot be taken away is said of each.
            }
        }
    }

    /// <summary>Waits for what the server is still doing to what was made: an upload that was broken off as it ended, a change.</summary>
    private async Task SettleAsync()
    {
        var addresses = _made.Select(made => ResourceKinds.Of(made.Id).AddressOf(made.Origin with { Id = made.Id })).ToHashSet(StringComparer.Ordinal);
        bool IsMeant(OperationInfo operation) =>
            operation.Resources.Values.SelectMany(list => list).Any(address => addresses.Contains(Uri.UnescapeDataString(address.Split('?')[0])));
        try
        {
            await InstanceWork.SettleAsync(Target, IsMeant, static _ => { }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // What cannot be taken away is said of each.
        }
    }

    /// <summary>Starts what ran, each after those that it depends on.</summary>
    private async Task<IReadOnlyDictionary<string, string>> StartAsync(CancellationToken cancellationToken)
    {
        var failed = new Dictionary<string, string>();
        var waiting = _plan.Resources.Where(resource => resource.Starts).ToList();
        while (waiting.Count > 0)
        {
            // A circle cannot come out of a stack file; if it did, the first begins.
            var next = waiting.FirstOrDefault(instance => !DependenciesOf(instance).Any(name => waiting.Any(other => other.Name == name))) ?? waiting[0];
            waiting.Remove(next);
            var meter = new Meter(_progress, next.Id, "starting");
            meter.Say("starting");
            try
            {
                await Target.Instances.StartAsync(next.Name, cancellationToken).CompleteAsync(meter, cancellationToken).ConfigureAwait(false);
                meter.End("started");
            }
            catch (IncusException error) when (error is not IncusUnreachableException)
            {
                failed[next.Name] = ServerAdvice.Complete(error.Message);
                meter.End("not started");
            }
        }

        return failed;
    }

    private static IEnumerable<string> DependenciesOf(PlacedResource instance) =>
        DependencyText.Read(instance.Desired.Properties[PropertyPath.DependsOn]).Select(dependency => dependency.Instance);
}
