namespace Incus.Client;

/// <summary>A command to run in an instance (doc/instance-exec.md).</summary>
public sealed record ExecRequest
{
    /// <summary>Program and arguments; no shell is involved.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Environment variables to add. Never logged.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Numeric user id.</summary>
    public uint User { get; init; }

    /// <summary>Numeric group id.</summary>
    public uint Group { get; init; }

    /// <summary>Working directory; null for the user's home (or <c>/</c>).</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Give the command a terminal; standard error then arrives on standard output.</summary>
    public bool Interactive { get; init; }

    /// <summary>Columns of the terminal.</summary>
    public int Width { get; init; }

    /// <summary>Rows of the terminal.</summary>
    public int Height { get; init; }

    /// <summary>The program, without arguments and environment, which may hold secrets.</summary>
    /// <returns>The first word of the command.</returns>
    public override string ToString() => Command.Count > 0 ? Command[0] : "";
}

/// <summary>Where a command's data comes from and goes to.</summary>
public sealed record ExecStreams
{
    /// <summary>Standard input, read to its end; null for none (the command reads end of file).</summary>
    public Stream? StandardInput { get; init; }

    /// <summary>Receives standard output; null to collect it in <see cref="ExecResult.StandardOutput"/>.</summary>
    public Stream? StandardOutput { get; init; }

    /// <summary>Receives standard error; null to collect it in <see cref="ExecResult.StandardError"/>.</summary>
    public Stream? StandardError { get; init; }

    /// <summary>How many bytes of each stream are collected at the most, 64 MiB where nothing is said: a guest may write without end.</summary>
    public long LargestOutput { get; init; } = 64L * 1024 * 1024;

    /// <summary>Sends signals and window sizes to the running command; null when not needed.</summary>
    public ExecControl? Control { get; init; }
}

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit status; 128 + N when signal N ended it.</param>
/// <param name="StandardOutput">What it wrote, UTF-8, where no stream was given for it; else null.</param>
/// <param name="StandardError">What it wrote to standard error, likewise.</param>
public sealed record ExecResult(int ExitCode, string? StandardOutput, string? StandardError);
