using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Instances;
using IncusCompose.Ssh;

namespace IncusCompose.Cli.Commands;

/// <summary><c>ssh</c>: the system's ssh, told where the instance is, who may log in, and which host key to believe.</summary>
internal sealed class SshCommand : AccessVerb
{
    private readonly Argument<string> _instance = new("instance")
    {
        Description = "Name of a running instance that lets somebody in by SSH.",
    };

    private readonly Option<int?> _index = ReplicaOption.Create();
    private readonly CommandWords _command;
    public SshCommand(Session session, NameCompletion names) : base("ssh", "Log in to an instance by SSH.", session)
    {
        _instance.CompletionSources.Add(names.Instances);
        Add(_instance);
        Add(_index);
        _command = new(session)
        {
            Description = "Command, after --; as with ssh itself, the login shell splits it into words. Default: a shell.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Add(_command);
        Validators.Add(result => _command.RequireDashes(result, _instance));
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await using var target = await invocation.OpenInstanceAsync(invocation.Get(_instance)!, invocation.Get(_index), cancellationToken);
        var name = target.Name;
        var options = new AccessOptions { Wanted = instance => instance.Name == name, Jump = invocation.Get(Jump) };
        var found = await invocation.Engine.GetAccessAsync(target.Client, options, cancellationToken);
        if (found.Count == 0)
            throw await UnknownAsync(name, target.Client, cancellationToken);
        var instance = found[0];
        if (instance.User is null)
            throw new CommandException($"nobody was let in to \"{name}\" by SSH: write ssh: in its stack file, or run a command with: {ThisProgram.Name} exec {name} -- COMMAND");
        if (instance.Address is null)
        {
            throw new CommandException(instance.Status == "Running"
                ? $"instance \"{name}\" has no address (yet)"
                : $"instance \"{name}\" is {instance.Status.ToLowerInvariant()}: start it first");
        }

        // This machine may have a way of its own all the same, so that it is tried.
        if (instance.Obstacle is not null && !invocation.Quiet)
            Session.Terminal.Note($"{name}: {instance.Obstacle}");
        KnownHosts.Update(KnownHosts.UserFile, found);
        var words = SshConfig.OptionsFor(instance, KnownHosts.UserFile).SelectMany(option => new[] { "-o", $"{option.Key}={option.Value}" });
        return await RunAsync([.. words, name, .. invocation.Get(_command)!], cancellationToken);
    }

    private static async Task<CommandException> UnknownAsync(string name, IncusClient client, CancellationToken cancellationToken)
    {
        var known = (await client.Instances.ListAsync(cancellationToken)).Where(one => !InstanceFacts.IsKeptCopy(one)).Select(instance => instance.Name).Order(StringComparer.Ordinal).ToList();
        var instead = known.Count == 0 ? "there is none" : Suggestions.Nearest(name, known) is { } likely ? $"did you mean \"{likely}\"?" : $"there is: {string.Join(", ", known)}";
        return new CommandException($"there is no instance \"{name}\" in project {client.Project}; {instead}");
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        Process process;
        try
        {
            process = Process.Start("ssh", arguments);
        }
        catch (Win32Exception)
        {
            throw new CommandException("there is no program ssh on this machine: install OpenSSH's client (openssh-client)");
        }

        using (process)
        {
            try
            {
                await process.WaitForExitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                throw;
            }

            return process.ExitCode;
        }
    }
}
