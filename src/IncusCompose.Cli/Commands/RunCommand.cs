using System.CommandLine;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Cli.Rendering.Progress;
using IncusCompose.Hooks;
using IncusCompose.Loading;
using IncusCompose.Operating;
using IncusCompose.Readiness;

namespace IncusCompose.Cli.Commands;

/// <summary><c>run</c>: run a command in an instance that is made for it from a definition of the stack.</summary>
internal sealed class RunCommand : Verb
{
    // How long what was made may take to go once the command has ended.
    private static readonly TimeSpan s_clearing = TimeSpan.FromMinutes(2);

    private readonly Argument<string> _definition = new("instance")
    {
        Description = "Name of an instance of the stack file: the new one is made as that one is.",
    };

    private readonly CommandWords _command;
    private readonly Option<bool> _remove = new("--rm")
    {
        Description = "Delete the instance when the command has ended; without it, it is stopped.",
    };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "Name of the new instance. Default: the other one's name, -run- and six characters. (The stack's --name stands before the verb.)",
        HelpName = "name",
    };

    private readonly Option<bool> _noDependencies = new("--no-deps")
    {
        Description = "Do not start what the instance depends on.",
    };

    private readonly Option<string[]> _volumes = new("--volume", "-v")
    {
        Description = "A volume or a path of the host to mount too: SOURCE:TARGET[:ro].",
        HelpName = "source:target",
    };

    private readonly Option<string[]> _ports = new("--publish", "-p")
    {
        Description = "A port to publish: HOST:INSTANCE. The definition's own ports are not published.",
        HelpName = "port",
    };

    private readonly Option<bool> _servicePorts = new("--service-ports", "-P")
    {
        Description = "Publish the definition's ports.",
    };

    private readonly Option<bool> _allowHostHooks = HookOptions.AllowHost();
    private readonly GuestCommandOptions _options = new();

    public RunCommand(Session session, NameCompletion names) : base("run", "Run a command in a new instance made for it.", session)
    {
        _definition.CompletionSources.Add(names.Instances);
        Add(_definition);
        _command = new(session)
        {
            Description = "Program and arguments, after --; no shell is involved.",
            Arity = ArgumentArity.OneOrMore,
        };
        Add(_command);
        Add(_remove);
        Add(_name);
        Add(_noDependencies);
        Add(_volumes);
        Add(_ports);
        Add(_servicePorts);
        Add(_allowHostHooks);
        _options.AddTo(this);
        Validators.Add(result => _command.RequireDashes(result, _definition));
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        if (invocation.Get(_remove) && _options.IsDetached(invocation))
            throw new UsageException("Nobody is there to delete what runs detached: leave out --rm or --detach.");
        var options = Read(invocation);
        var stack = invocation.Load([invocation.Get(_definition)!], cancellationToken);
        await using var client = await invocation.ConnectAsync(stack, cancellationToken);
        var oneOff = await invocation.Engine.PlanOneOffAsync(client, stack, invocation.Get(_definition)!, options, cancellationToken);
        var clearing = Clearing.Delete;
        try
        {
            if (await MakeAsync(invocation, client, oneOff, cancellationToken) is { } failed)
                return failed;
            var code = await _options.RunAsync(
                invocation, client, oneOff.Name, invocation.Get(_command)!, cancellationToken,
                beginning: () => clearing = invocation.Get(_remove) ? Clearing.Delete : Clearing.Stop);
            if (_options.IsDetached(invocation))
            {
                clearing = Clearing.None;
                ShowName(invocation, oneOff.Name);
            }

            return code;
        }
        catch (IncusNotFoundException)
        {
            // There is no such command: nothing ran.
            clearing = Clearing.Delete;
            throw;
        }
        finally
        {
            await ClearAsync(invocation, client, stack.Name, oneOff, clearing);
        }
    }

    private OneOffOptions Read(Invocation invocation)
    {
        try
        {
            return new OneOffOptions
            {
                Name = invocation.Get(_name),
                WithDependencies = !invocation.Get(_noDependencies),
                ServicePorts = invocation.Get(_servicePorts),
                Ports = [.. (invocation.Get(_ports) ?? []).Select(text => InstanceLimits.ReadPort(text, "--publish"))],
                Volumes = [.. (invocation.Get(_volumes) ?? []).Select(text => InstanceLimits.ReadMount(text, "--volume", Directory.GetCurrentDirectory()))],
                AllowHostHooks = invocation.Get(_allowHostHooks),
            };
        }
        catch (ArgumentException error)
        {
            throw new UsageException(error.Message);
        }
    }

    /// <summary>Makes and starts the instance, and waits until something can be run in it. The command's output is the only one.</summary>
    /// <returns>The exit code where that failed; null where the command can be run.</returns>
    private async Task<int?> MakeAsync(Invocation invocation, IncusClient client, OneOff oneOff, CancellationToken cancellationToken)
    {
        IApplyProgress progress = invocation.Quiet ? new QuietProgress() : new PlainProgress(Session.Terminal.Error, verbose: false);
        ApplyResult result;
        await using (progress)
            result = await invocation.Engine.ApplyAsync(client, oneOff.Plan, new ApplyOptions(), progress, cancellationToken);
        if (!result.Succeeded)
        {
            ResultRenderer.WriteFailures(result, Session.Terminal.Error);
            return cancellationToken.IsCancellationRequested ? ExitCode.Cancelled : ExitCode.Failure;
        }

        await new InstanceWaiter(client, oneOff.Name) { MustRun = true }.WaitForReadyAsync(null, cancellationToken);
        return null;
    }

    /// <summary>Takes away what was made, also where the user has cancelled; what goes wrong is told and changes no exit code.</summary>
    private async Task ClearAsync(Invocation invocation, IncusClient client, string stack, OneOff oneOff, Clearing clearing)
    {
        if (clearing == Clearing.None)
            return;
        using var limit = new CancellationTokenSource(s_clearing);
        var hooks = invocation.Get(_allowHostHooks) ? new HostHooks() : null;
        try
        {
            var plan = await invocation.Engine.PlanOneOffEndAsync(client, stack, oneOff, clearing == Clearing.Delete, hooks, limit.Token);
            var options = clearing == Clearing.Delete ? new ApplyOptions { StopTimeout = TimeSpan.Zero } : new ApplyOptions();
            var result = await invocation.Engine.ApplyAsync(client, plan, options, null, limit.Token);
            if (!result.Succeeded)
                Tell(string.Join("; ", result.Resources.Select(resource => resource.Message)));
        }
        catch (StackTargetException)
        {
            // It was never made, or somebody else deleted it; what has its name now is another run's.
        }
        catch (Exception error) when (error is IncusException or Planning.PlanRefusedException or OperationCanceledException)
        {
            Tell(error.Message);
        }

        void Tell(string why) => Session.Terminal.Note(
            $"instance {oneOff.Name} is still there: {why} (incus delete --force {oneOff.Name} --project {client.Project} deletes it)");
    }

    private void ShowName(Invocation invocation, string name)
    {
        if (invocation.Json)
            JsonLines.Write(Session.Terminal.Out.Inner, new RunDocument(name), JsonDocuments.Lines.RunDocument);
        else
            Session.Terminal.Out.Line(name);
    }

    /// <summary>What becomes of the instance.</summary>
    private enum Clearing
    {
        None,
        Stop,
        Delete,
    }
}
