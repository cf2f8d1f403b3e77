using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Hosting;

/// <summary>
/// What a cmdlet's code needs of the PowerShell that runs it. Every member is called on the pipeline thread.
/// A test gives its own, and runs a cmdlet without any PowerShell.
/// </summary>
internal interface ICmdletHost
{
    /// <summary>The connections of the runspace that the cmdlet runs in.</summary>
    ServerSession Session { get; }

    /// <summary>The current file system directory of the runspace (not of the process).</summary>
    string CurrentDirectory { get; }

    /// <summary>Whether changes are only told, not made: <c>-WhatIf</c>, or the user's preference.</summary>
    bool IsWhatIf { get; }

    /// <summary>The files that a path of the user's means.</summary>
    /// <param name="path">The path as written.</param>
    /// <param name="literal">True where wildcard characters stand for themselves.</param>
    /// <returns>Full paths: one for a path without wildcards, whether it exists or not; none where a pattern matches nothing.</returns>
    IReadOnlyList<string> ResolvePath(string path, bool literal);

    /// <summary>Writes an object to the pipeline.</summary>
    void WriteObject(object value);

    /// <summary>Writes a non-terminating error.</summary>
    void WriteError(CmdletError error);

    /// <summary>Writes a warning.</summary>
    void WriteWarning(string text);

    /// <summary>Writes a verbose message.</summary>
    void WriteVerbose(string text);

    /// <summary>Shows how far work has come.</summary>
    void WriteProgress(ProgressUpdate update);

    /// <summary>Asks whether a change may be made; under <c>-WhatIf</c> says it and answers no.</summary>
    /// <param name="description">What would be done, as a sentence without its full stop.</param>
    /// <param name="question">The same, as a question.</param>
    /// <param name="caption">The title of the question.</param>
    bool ShouldProcess(string description, string question, string caption);

    /// <summary>Ends the cmdlet with an error; does not return.</summary>
    void ThrowTerminatingError(CmdletError error);
}
