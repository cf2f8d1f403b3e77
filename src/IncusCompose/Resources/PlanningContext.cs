using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Resources;

/// <summary>What a kind is told when it says what its resources should be.</summary>
/// <param name="Stack">The definition.</param>
/// <param name="Project">The Incus project that the stack lives in.</param>
/// <param name="Server">What is live.</param>
/// <param name="Remotes">The user's remotes, for image references.</param>
internal sealed record PlanningContext(StackDefinition Stack, string Project, ServerObservation Server, ClientConfiguration Remotes)
{
    private readonly List<Diagnostic> _problems = [];

    /// <summary>Problems that only a look at the server could show.</summary>
    public IReadOnlyList<Diagnostic> Problems => _problems;

    public void Report(Diagnostic problem) => _problems.Add(problem);

    public void Error(string id, string path, string message, string advice = "") =>
        Report(Diagnostic.Error(id, Stack.Source.Find(path), path, message, advice));
}
