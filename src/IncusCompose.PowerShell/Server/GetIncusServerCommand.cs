using System.Management.Automation;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Says what a server is: the one that commands use, or the ones that are named.</summary>
[Cmdlet(VerbsCommon.Get, "IncusServer")]
[OutputType(typeof(IncusServer))]
public sealed class GetIncusServerCommand : IncusCmdlet
{
    private ServerSession _session = null!;

    /// <summary>
    /// Remotes of the Incus client configuration (wildcards allowed), or paths of Unix sockets.
    /// Without it: the server that commands use where they name none.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RemoteCompleter))]
    public string[]? Remote { get; set; }

    /// <inheritdoc/>
    private protected override void OnBegin() => _session = Host.Session;

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (Remote is null)
        {
            var connection = await _session.ConnectAsync(null, null, cancellationToken).ConfigureAwait(false);
            pipeline.WriteObject(IncusServer.From(connection, isDefault: true));
            return;
        }

        foreach (var name in Remote.SelectMany(Expand))
        {
            try
            {
                var connection = await _session.ConnectAsync(name, null, cancellationToken).ConfigureAwait(false);
                pipeline.WriteObject(IncusServer.From(connection, _session.IsDefault(connection)));
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                pipeline.WriteError(CmdletErrors.From(exception, name));
            }
        }
    }

    private IEnumerable<string> Expand(string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
            return [name];
        var wanted = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        return from remote in _session.LoadConfiguration().Remotes.Values
               where remote.Protocol == "incus" && wanted.IsMatch(remote.Name)
               orderby remote.Name
               select remote.Name;
    }
}
