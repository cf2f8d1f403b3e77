namespace IncusCompose.Cli;

/// <summary>What the program returns to its caller; documented in docs/cli.md.</summary>
internal static class ExitCode
{
    /// <summary>Done, or (for <c>plan</c>) nothing to do.</summary>
    public const int Success = 0;

    /// <summary>Something failed; standard error says what.</summary>
    public const int Failure = 1;

    /// <summary>Only from <c>plan</c>: there is something to do.</summary>
    public const int Changes = 2;

    /// <summary>Only from <c>up</c>: something failed, and everything was put back as it was before.</summary>
    public const int RolledBack = 3;

    /// <summary>The command line could not be understood (EX_USAGE of sysexits.h).</summary>
    public const int Usage = 64;

    /// <summary>Cancelled by Ctrl+C or a termination signal (128 + SIGINT, as shells have it).</summary>
    public const int Cancelled = 130;
}
