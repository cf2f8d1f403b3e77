using IncusCompose.Cli;
using IncusCompose.Cli.Commands;

using var terminal = new Terminal();
using var interruption = new Interruption(terminal);
return await CommandLine.RunAsync(args, terminal, interruption.Token);
