using System.CommandLine;
using IncusCompose.Instances;
using IncusCompose.Loading;
using IncusCompose.Ssh;

namespace IncusCompose.Cli.Commands;

/// <summary>A verb that says how instances are reached: those of the stack file, or without one all of the project.</summary>
internal abstract class AccessVerb : Verb
{
    /// <summary><c>--jump-host</c>.</summary>
    protected Option<string?> Jump { get; } = new("--jump-host", "-J")
    {
        Description = "Host to go through where there is no direct way; none: go straight there. Default: the server's own address.",
        HelpName = "[user@]host[:port]",
    };

    protected AccessVerb(string name, string description, Session session) : base(name, description, session)
    {
        Jump.Validators.Add(result =>
        {
            try
            {
                foreach (var token in result.Tokens)
                    InstanceLimits.CheckJumpHost(token.Value, "--jump-host");
            }
            catch (ArgumentException error)
            {
                result.AddError(error.Message);
            }
        });
        Add(Jump);
    }

    /// <summary>Reads the instances from the server.</summary>
    /// <param name="invocation">The use of the verb.</param>
    /// <param name="all">Every instance of the project, even where there is a stack file.</param>
    /// <param name="mayBeGone">A stack that is named need not be there: an inventory script's answer is empty then.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    protected async Task<IReadOnlyList<InstanceAccess>> ReadAsync(
        Invocation invocation, bool all, bool mayBeGone, CancellationToken cancellationToken)
    {
        var named = invocation.Files.Count > 0 ? null : invocation.Name;
        var definition = named is null ? invocation.LoadIfPresent(cancellationToken) : null;
        var stack = all ? null : named ?? definition?.Name;
        await using var client = await invocation.ConnectAsync(definition, cancellationToken);
        var found = await invocation.Engine.GetAccessAsync(
            client,
            new AccessOptions
            {
                Wanted = instance => stack is null || InstanceFacts.StackOf(instance) == stack,
                Jump = invocation.Get(Jump),
            },
            cancellationToken);
        if (found.Count == 0 && stack is not null && stack == named && !mayBeGone)
            await invocation.RequireStackAsync(client, stack, cancellationToken);
        return found;
    }
}
