using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Incus.Client;
using IncusCompose.Cli.Rendering;

namespace IncusCompose.Cli.Commands;

/// <summary>A verb of the command line: options in, one engine call, output and an exit code out.</summary>
internal abstract class Verb : Command
{
    protected Verb(string name, string description, Session session) : base(name, description)
    {
        Session = session;
        SetAction(InvokeAsync);
    }

    protected Session Session { get; }

    /// <summary>Does the work. Exceptions become messages and exit codes in one place, here.</summary>
    protected abstract Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken);

    private protected static void AtLeast(Option<int> option, int least) => option.CustomParser = result => Read(option, result, least);

    private protected static void AtLeast(Option<int?> option, int least) => option.CustomParser = result => Read(option, result, least);

    private static int Read(Option option, ArgumentResult result, int least)
    {
        if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least)
            return value;
        result.AddError($"{option.Name} must be a whole number of at least {least}.");
        return least;
    }

    private async Task<int> InvokeAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var invocation = new Invocation(Session, arguments);
        try
        {
            return await RunAsync(invocation, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Cancelled;
        }
        catch (UsageException error)
        {
            CommandLine.WriteUsageError(Session.Terminal.Error, [error.Message], CommandLine.PathOf(this));
            return ExitCode.Usage;
        }
        catch (Exception error) when (error is IncusException or Diagnostics.StackFileException or Planning.PlanRefusedException
            or Planning.PlanOutdatedException or Planning.PlanOptionException or Checkpoints.CheckpointException or Operating.StackTargetException or Backups.BackupUnusableException or Backups.StackConflictException
            or Publishing.PublishException or CommandException or IOException or UnauthorizedAccessException)
        {
            invocation.Output.ShowError(error);
            return ExitCode.Failure;
        }
        catch (Exception error)
        {
            // A mistake of the program: everything that helps to find it.
            Session.Terminal.Error.Write("internal error, please report: ", Style.Error).Line(error.ToString());
            return ExitCode.Failure;
        }
    }
}

/// <summary>A verb cannot do what was asked; the message says why and what to do.</summary>
internal sealed class CommandException(string message) : Exception(message);

/// <summary>The command line contradicts itself in a way that only the verb can tell.</summary>
internal sealed class UsageException(string message) : Exception(message);
