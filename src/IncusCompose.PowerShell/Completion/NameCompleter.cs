using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>
/// Completes a name from what is known right now. Never shows an error, and gives up when the server
/// does not answer within the time that a person waits for a completion.
/// </summary>
public abstract class NameCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);

    /// <summary>Called by PowerShell.</summary>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = CompletionWord.Parse(wordToComplete);
        var wanted = WildcardPattern.Get(word.Text + "*", WildcardOptions.IgnoreCase);
        return [.. from candidate in Candidates(parameterName, fakeBoundParameters)
                   where wanted.IsMatch(candidate.Name)
                   select new CompletionResult(word.Write(candidate.Name), candidate.Name, CompletionResultType.ParameterValue, candidate.ToolTip)];
    }

    /// <summary>Finds the names.</summary>
    /// <param name="session">The connections of the runspace.</param>
    /// <param name="bound">What the command line has said so far.</param>
    /// <param name="cancellationToken">Cancelled when the time is up.</param>
    private protected abstract Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken);

    /// <summary>A tool tip: the description, or where there is none what kind of thing it is.</summary>
    private protected static string Describe(string kind, string description) => description.Length > 0 ? description : kind;

    /// <summary>Where paths of the command line begin; only those that read files need to know. Asked on the runspace's own thread.</summary>
    private protected virtual string Directory() => "";

    private IReadOnlyList<Candidate> Candidates(string parameter, IDictionary bound)
    {
        // Of the runspace, and so to be asked on its own thread.
        var session = RunspaceSessions.Current;
        var directory = Directory();
        using var budget = new CancellationTokenSource(Budget);
        try
        {
            var search = Task.Run(() => FindAsync(session, new BoundParameters(parameter, bound, directory), budget.Token), budget.Token);
            return [.. search.WaitAsync(budget.Token).GetAwaiter().GetResult().OrderBy(candidate => candidate.Name, StringComparer.OrdinalIgnoreCase)];
        }
#pragma warning disable CA1031 // A completion that fails is no completion; the command itself will say what is wrong.
        catch (Exception)
        {
            return [];
        }
#pragma warning restore CA1031
    }

    /// <summary>A name to offer.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="ToolTip">A few words about it.</param>
    private protected sealed record Candidate(string Name, string ToolTip);

    /// <summary>The parameters that the command line has named so far.</summary>
    private protected sealed class BoundParameters(string parameter, IDictionary parameters, string directory)
    {
        /// <summary>Where paths of the command line begin.</summary>
        public string Directory => directory;

        /// <summary>The parameter that is completed.</summary>
        public string Completed => parameter;

        /// <summary>The value of a parameter as text; null where it has not been named.</summary>
        public string? this[string name] => parameters[name]?.ToString();

        /// <summary>The values of a parameter that takes several, as texts; none where it has not been named.</summary>
        public IReadOnlyList<string> All(string name) =>
            parameters[name] is object[] several ? [.. several.Select(one => one.ToString()).OfType<string>()] : this[name] is { } one ? [one] : [];

        /// <summary>The value of <c>-Server</c>; null where it has not been named.</summary>
        public IncusServer? Server => parameters["Server"] as IncusServer;
    }
}
