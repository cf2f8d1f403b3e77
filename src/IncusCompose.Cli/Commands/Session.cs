namespace IncusCompose.Cli.Commands;

/// <summary>What lasts from start to end of the program and every verb needs.</summary>
/// <param name="Terminal">The standard streams.</param>
/// <param name="Options">The options that every verb has.</param>
/// <param name="Arguments">The command line as it was given.</param>
internal sealed record Session(Terminal Terminal, GlobalOptions Options, IReadOnlyList<string> Arguments);
