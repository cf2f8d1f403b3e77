using System.Text;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Readiness;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Guests;

/// <summary>
/// Brings an instance's files into it as a change of it is made: a container's before it starts, so that what starts finds
/// them; a virtual machine's once its agent answers. What goes on running gets them as it is.
/// </summary>
/// <param name="context">Where and for whom.</param>
/// <param name="change">The change.</param>
internal sealed class GuestDelivery(ApplyContext context, ResourceChange change)
{
    private readonly IReadOnlyList<GuestFile> _files = (change.Desired as DesiredInstance)?.Files ?? [];
    private bool _isDelivered;

    /// <summary>True where the instance has files, or is to have some.</summary>
    private bool IsDue => change.Properties.Any(property => property.IsFile);

    private string Name => change.Name;

    /// <summary>True where the change starts the instance, be it again.</summary>
    private bool IsStarted =>
        change.Starts || change.Restarts || change.Action is ChangeAction.Start or ChangeAction.Restart
        || (change.Action is ChangeAction.Create or ChangeAction.Replace or ChangeAction.Rebuild && context.Options.Start);

    /// <summary>True where the files come before the first start, for which the instance is made without being started.</summary>
    public bool IsBeforeStart => _files.Count > 0 && (change.Desired!.Properties[PropertyPath.Type] ?? InstanceTypes.Container) == InstanceTypes.Container;

    /// <summary>Brings them into an instance that is there, before it is started or goes on.</summary>
    public async Task BeforeAsync(CancellationToken cancellationToken)
    {
        if (change.Action is ChangeAction.Create or ChangeAction.Replace or ChangeAction.Rebuild or ChangeAction.Delete)
            return;
        if (IsDue)
            await DeliverAsync(isLast: false, cancellationToken).ConfigureAwait(false);
        else if (change.Starts || change.Action is ChangeAction.Start)
            await LinkAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Brings them into an instance whose disk was made right now, and which does not run yet.</summary>
    public async Task IntoNewAsync(CancellationToken cancellationToken)
    {
        if (_files.Count > 0)
            await DeliverAsync(isLast: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Once the instance runs: what could not come before, and what its start has taken away.</summary>
    public async Task AfterAsync(CancellationToken cancellationToken)
    {
        if (IsDue && !_isDelivered && (IsStarted || change.Action == ChangeAction.Update))
            await DeliverAsync(isLast: true, cancellationToken).ConfigureAwait(false);
        else if (IsStarted)
            await LinkAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <param name="isLast">False where what has to wait for a running instance may wait for it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    private async Task DeliverAsync(bool isLast, CancellationToken cancellationToken)
    {
        var instance = (await context.Client.Instances.GetAsync(Name, cancellationToken).ConfigureAwait(false)).Value;
        var runs = instance.StatusCode is not StatusCode.Stopped;
        if (!runs && instance.Type != InstanceTypes.Container)
        {
            if (isLast && context.Options.Start)
                throw new IncusException($"The files of {Name} could not be brought into it, since it does not run", "A virtual machine's agent takes them: start it");
            return;
        }

        context.Say("bringing files in");
        // Files of a virtual machine are its agent's to read and write; a container's need none.
        if (runs)
            await new InstanceWaiter(context.Client, Name) { MustRun = true }.WaitForAsync(new AgentGate(), context.Options.WaitTimeout, cancellationToken).ConfigureAwait(false);
        var opened = await context.Client.Instances.OpenFilesAsync(Name, cancellationToken).ConfigureAwait(false);
        await using var closing = opened.ConfigureAwait(false);
        var guest = new GuestFileSystem(opened, Name, runs);
        if (runs && IsStarted)
            await guest.WaitForRunAsync(_files.Select(file => file.Target), cancellationToken).ConfigureAwait(false);
        var record = GuestRecord.Read(instance.Config);
        var done = new List<GuestFile>();
        var waiting = new List<GuestFile>();
        foreach (var file in _files)
        {
            if (!await guest.HasOwnerAsync(file, cancellationToken).ConfigureAwait(false))
            {
                waiting.Add(file);
                continue;
            }

            if (await guest.DifferenceAsync(file, cancellationToken).ConfigureAwait(false) is not null)
                await guest.PutAsync(file, cancellationToken).ConfigureAwait(false);
            done.Add(file);
        }

        await RemoveAsync(guest, record, cancellationToken).ConfigureAwait(false);
        await WriteRulesAsync(guest, cancellationToken).ConfigureAwait(false);
        await RecordAsync(record, done, cancellationToken).ConfigureAwait(false);
        _isDelivered = waiting.Count == 0;
        if (_isDelivered || !isLast)
            return;
        // Their owners may be cloud-init's to make, which may still be at it.
        if (await guest.ExistsAsync("/usr/bin/cloud-init", cancellationToken).ConfigureAwait(false))
        {
            context.Say("waiting for cloud-init, whose users own files");
            try
            {
                await new InstanceWaiter(context.Client, Name) { MustRun = true }.WaitForAsync(new CloudInitGate(), context.Options.WaitTimeout, cancellationToken).ConfigureAwait(false);
            }
            catch (NotReadyException)
            {
                // Where it ended with errors, it may have made the users all the same: whose file has no owner then says so.
            }

            guest.ForgetUsers();
        }

        foreach (var file in waiting)
        {
            await guest.PutAsync(file, cancellationToken).ConfigureAwait(false);
            done.Add(file);
        }

        await RecordAsync(record, done, cancellationToken).ConfigureAwait(false);
        _isDelivered = true;
    }

    /// <summary>What the file no longer names goes, where it is still what was written.</summary>
    private async Task RemoveAsync(GuestFileSystem guest, GuestRecord record, CancellationToken cancellationToken)
    {
        foreach (var (target, entry) in record.Entries.Where(entry => _files.All(file => file.Target != entry.Key)))
        {
            if (await guest.IsAsWrittenAsync(target, record, entry, cancellationToken).ConfigureAwait(false) == true)
                await guest.RemoveAsync(target, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells systemd of the links that it puts at each start; where there is none, nothing is written.</summary>
    private async Task WriteRulesAsync(GuestFileSystem guest, CancellationToken cancellationToken)
    {
        var targets = _files.Where(file => file.Kind != InstanceFileKind.Directory && GuestPlaces.IsVolatile(file.Target)).Select(file => file.Target).ToList();
        if (targets.Count == 0)
        {
            await guest.RemoveAsync(GuestPlaces.TmpfilesRules, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!await guest.ExistsAsync(GuestPlaces.TmpfilesFolder, cancellationToken).ConfigureAwait(false))
            return;
        var text = Encoding.UTF8.GetBytes(GuestPlaces.Rules(targets));
        var rules = new GuestFile("", GuestPlaces.TmpfilesRules, InstanceFileKind.File)
        {
            Mode = 0b110_100_100,
            Size = text.Length,
            Hash = System.Security.Cryptography.SHA256.HashData(text),
            Open = () => new MemoryStream(text),
        };
        if (await guest.DifferenceAsync(rules, cancellationToken).ConfigureAwait(false) is not null)
            await guest.PutAsync(rules, cancellationToken).ConfigureAwait(false);
    }

    private async Task RecordAsync(GuestRecord before, IReadOnlyCollection<GuestFile> files, CancellationToken cancellationToken)
    {
        var record = before.Of(files);
        if (record.SameAs(before))
            return;
        await context.Client.Instances.UpdateAsync(Name, now =>
        {
            var config = new Dictionary<string, string>(now.Config);
            if (record.Entries.Count == 0)
                config.Remove(GuestRecord.Key);
            else
                config[GuestRecord.Key] = record.ToString();
            return now with { Config = config };
        }, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts the links at the places that a stop empties, from the record alone: whoever starts an instance need not know its file.</summary>
    private async Task LinkAsync(CancellationToken cancellationToken)
    {
        var known = change.Live?.Raw is Instance planned ? GuestRecord.Read(planned.Config).Entries.Keys : [];
        if (!known.Concat(_files.Select(file => file.Target)).Any(GuestPlaces.IsVolatile))
            return;
        var instance = (await context.Client.Instances.GetAsync(Name, cancellationToken).ConfigureAwait(false)).Value;
        var targets = GuestRecord.Read(instance.Config).Entries.Keys.Where(GuestPlaces.IsVolatile).ToList();
        if (!GuestLook.CanBeSeen(instance))
            return;
        if (instance.StatusCode is not StatusCode.Stopped)
            await new InstanceWaiter(context.Client, Name) { MustRun = true }.WaitForAsync(new AgentGate(), context.Options.WaitTimeout, cancellationToken).ConfigureAwait(false);
        var opened = await context.Client.Instances.OpenFilesAsync(Name, cancellationToken).ConfigureAwait(false);
        await using var closing = opened.ConfigureAwait(false);
        var runs = instance.StatusCode is not StatusCode.Stopped;
        var guest = new GuestFileSystem(opened, Name, runs);
        if (runs && IsStarted)
            await guest.WaitForRunAsync(targets, cancellationToken).ConfigureAwait(false);
        foreach (var target in targets)
        {
            // Content that somebody took away is the next plan's to tell of.
            if (await guest.ExistsAsync(GuestPlaces.ContentOf(target), cancellationToken).ConfigureAwait(false))
                await guest.LinkAsync(target, cancellationToken).ConfigureAwait(false);
        }
    }
}
