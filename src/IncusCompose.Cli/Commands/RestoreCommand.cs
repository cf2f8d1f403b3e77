using System.CommandLine;
using IncusCompose.Backups;
using IncusCompose.Cli.Rendering;

namespace IncusCompose.Cli.Commands;

/// <summary><c>restore --from</c>: make a stack from a backup, here or on another server.</summary>
internal sealed class RestoreCommand : Verb
{
    private readonly Option<string> _from = new("--from")
    {
        Description = "A directory or archive that backup wrote.",
        HelpName = "path",
        Required = true,
    };

    private readonly Option<string[]> _pools = new("--pool")
    {
        Description = "A storage pool that has another name here; several are allowed.",
        HelpName = "old=new",
    };

    private readonly Option<bool> _noStart = new("--no-start")
    {
        Description = "Leave the instances stopped; else those are started that ran.",
    };

    public RestoreCommand(Session session) : base("restore", "Make a stack from a backup, on the same server or another one.", session)
    {
        Add(_from);
        Add(_pools);
        Add(_noStart);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var path = invocation.Get(_from)!;
        var options = new BackupRestoreOptions { Pools = Pairs(_pools.Name, invocation.Get(_pools) ?? []) };
        var backup = await invocation.Engine.ReadBackupAsync(path, cancellationToken);
        await using var client = await invocation.ConnectToProjectAsync(backup.Project, cancellationToken);
        await using var output = new CopyOutput(Session.Terminal, invocation.Json, invocation.Quiet);
        var plan = await invocation.Engine.PlanRestoreAsync(client, path, options, output, cancellationToken);
        var copy = new CopyOptions { Start = !invocation.Get(_noStart) };
        return output.Show(await invocation.Engine.CopyAsync(client, plan, copy, output, cancellationToken));
    }

    /// <summary>Words of the form <c>OLD=NEW</c>.</summary>
    /// <exception cref="UsageException">A word is none.</exception>
    internal static Dictionary<string, string> Pairs(string option, IEnumerable<string> words)
    {
        var pairs = new Dictionary<string, string>();
        foreach (var word in words)
        {
            var parts = word.Split('=', 2);
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
                throw new UsageException($"{option} takes OLD=NEW, not \"{word}\".");
            pairs[parts[0]] = parts[1];
        }
        return pairs;
    }
}
