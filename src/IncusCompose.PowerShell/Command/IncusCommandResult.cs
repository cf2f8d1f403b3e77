namespace IncusCompose.PowerShell;

/// <summary>How a command that ran in an instance ended, and what it wrote.</summary>
public sealed record IncusCommandResult
{
    /// <summary>The instance.</summary>
    public required string Instance { get; init; }

    /// <summary>Its project.</summary>
    public required string Project { get; init; }

    /// <summary>Its server, as <see cref="IncusServer.Name"/> has it.</summary>
    public required string Server { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The exit status; 128 + N when signal N ended it.</summary>
    public required int ExitCode { get; init; }

    /// <summary>What it wrote to standard output, read as UTF-8.</summary>
    public required string StandardOutput { get; init; }

    /// <summary>What it wrote to standard error, read as UTF-8.</summary>
    public required string StandardError { get; init; }

    /// <summary>How long it took, from the request to the end of its output.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Whether the exit status is 0.</summary>
    public bool Succeeded => ExitCode == 0;

    /// <summary>What it wrote to standard output.</summary>
    public override string ToString() => StandardOutput;
}
