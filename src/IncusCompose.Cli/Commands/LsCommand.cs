using System.CommandLine;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Commands;

/// <summary><c>ls</c>: the stacks of a project or of all projects, by their marks. Needs no file.</summary>
internal sealed class LsCommand : Verb
{
    private readonly Option<bool> _all = new("--all", "-a")
    {
        Description = "Those of which nothing runs too.",
    };

    private readonly Option<bool> _allProjects = new("--all-projects")
    {
        Description = "The stacks of every project that you may see.",
    };

    public LsCommand(Session session) : base("ls", "List the stacks on the server of which something runs.", session)
    {
        Add(_all);
        Add(_allProjects);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        if (invocation.Files.Count > 0)
            throw new UsageException("ls looks at no file: leave out --file.");
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        IEnumerable<string> projects = invocation.Get(_allProjects)
            ? (await client.Projects.ListAsync(cancellationToken)).Select(project => project.Name)
            : [client.Project];
        var stacks = await Task.WhenAll(projects.Select(project => invocation.Engine.GetStacksAsync(client.ForProject(project), cancellationToken)));
        var documents = stacks.SelectMany(found => found)
            .Where(stack => (invocation.Get(_all) || stack.Running > 0) && (invocation.Name is null || stack.Name == invocation.Name))
            .OrderBy(stack => stack.Project, StringComparer.Ordinal)
            .Select(StackDocument.From)
            .ToList();
        var output = Session.Terminal.Out;
        if (invocation.Json)
        {
            JsonLines.Write(output.Inner, documents, JsonDocuments.Indented.IReadOnlyListStackDocument);
        }
        else if (invocation.Quiet)
        {
            foreach (var stack in documents)
                output.Line(StyledWriter.Printable(stack.Name));
        }
        else
        {
            var table = new TextTable("NAME", "PROJECT", "STATUS", "NETWORKS", "VOLUMES");
            foreach (var stack in documents)
            {
                var status = string.Join(", ", stack.Statuses.Select(status => $"{status.Key}({status.Value})"));
                table.Add(stack.Name, stack.Project, status, string.Join(",", stack.Networks), string.Join(",", stack.Volumes));
            }

            table.Write(output);
        }

        return ExitCode.Success;
    }
}
