using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Finds the stacks on a server.</summary>
internal static class StackLookup
{
    /// <summary>The stacks of the connection's project or of all of them, by project and name.</summary>
    public static async Task<IReadOnlyList<StackSummary>> ListAsync(
        ComposeEngine engine, ServerConnection connection, bool allProjects, CancellationToken cancellationToken)
    {
        var projects = allProjects
            ? (await connection.Client.Projects.ListAsync(cancellationToken).ConfigureAwait(false)).Select(project => project.Name)
            : [connection.Project];
        var stacks = await Task.WhenAll(projects.Select(project =>
            engine.GetStacksAsync(connection.Client.ForProject(project), cancellationToken))).ConfigureAwait(false);
        return [.. from stack in stacks.SelectMany(found => found)
                   orderby stack.Project, stack.Name
                   select stack with { Server = connection.Server }];
    }
}
