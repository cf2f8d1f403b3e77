using System.Runtime.InteropServices;

namespace IncusCompose.Cli;

/// <summary>
/// Ctrl+C, termination signals and the terminal's end: the first cancels, so that what is under way can end in order;
/// a second one ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly Terminal _terminal;
    private readonly PosixSignalRegistration[] _registrations;

    public Interruption(Terminal terminal)
    {
        _terminal = terminal;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            // (Where it is ignored, as under nohup, it stays ignored.)
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (_source.IsCancellationRequested)
        {
            // The signal's own effect ends the process; the live display may have hidden the cursor and stopped wrapping.
            if (_terminal.IsLive)
                _terminal.Out.Write("\e[?7h\e[?25h").Flush();
            return;
        }
        context.Cancel = true;
        if (!_terminal.EndsByInterrupt)
            _terminal.Note("Cancelling; once more ends at once.");
        _source.Cancel();
    }
}
