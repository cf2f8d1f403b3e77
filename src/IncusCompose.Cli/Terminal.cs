using System.Text;
using IncusCompose.Cli.Rendering;

namespace IncusCompose.Cli;

/// <summary>
/// The program's standard streams and what stands behind them. Written to directly: the Console class would load
/// terminal descriptions that a quick command has no use for.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private readonly StreamWriter _out;
    private readonly StreamWriter _error;

    /// <summary>Opens the process's own streams.</summary>
    public Terminal()
    {
        _out = Writer(StandardStream.OpenOutput());
        _error = Writer(StandardStream.OpenError());
        var escapes = Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        // https://no-color.org: set and not empty means no colour, whatever the value.
        var color = escapes && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
        IsLive = escapes && !Console.IsOutputRedirected;
        CanAsk = !Console.IsInputRedirected && !Console.IsErrorRedirected;
        Out = new StyledWriter(_out, color && !Console.IsOutputRedirected);
        Error = new StyledWriter(_error, color && !Console.IsErrorRedirected);
    }

    /// <summary>Standard output: results.</summary>
    public StyledWriter Out { get; }

    /// <summary>Standard error: errors, warnings, questions.</summary>
    public StyledWriter Error { get; }

    /// <summary>True where standard output is a terminal on which lines can be written over.</summary>
    public bool IsLive { get; }

    /// <summary>True once nobody reads standard output any more: there is no use in going on to write.</summary>
    public bool IsUnheard => _out.BaseStream is StandardStream { IsBroken: true };

    /// <summary>True where a person can be asked.</summary>
    public bool CanAsk { get; }

    /// <summary>Shows a note where lines are written over at the moment, and says whether it did; null where there is no such display.</summary>
    public Func<string, bool>? Display { get; set; }

    /// <summary>True where Ctrl+C is the usual end of what is shown, of which nothing needs to be said.</summary>
    public bool EndsByInterrupt { get; set; }

    /// <summary>Tells a person something that is neither result nor error.</summary>
    public void Note(string text)
    {
        if (Display?.Invoke(text) != true)
            Error.Line(text, Style.Warning).Flush();
    }

    /// <summary>Asks a question that is answered by <c>y</c> or <c>yes</c>; everything else means no.</summary>
    public async Task<bool> AskAsync(string question, CancellationToken cancellationToken)
    {
        Out.Flush();
        Error.Write($"{question} [y/N] ", Style.Heading).Flush();
        // Reading a terminal cannot be cancelled; the reader is left behind and ends with the process.
        var answer = await Task.Run(Console.In.ReadLine, cancellationToken).WaitAsync(cancellationToken);
        return answer?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>Writes out what is still held back.</summary>
    public void Flush()
    {
        Out.Flush();
        Error.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
    }

    private static StreamWriter Writer(Stream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 4096);
}
