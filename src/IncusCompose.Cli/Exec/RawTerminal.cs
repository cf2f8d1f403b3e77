using System.Runtime.InteropServices;
using Incus.Client;

namespace IncusCompose.Cli.Exec;

/// <summary>
/// The user's terminal, handed over to a command in an instance: every key goes there (Ctrl+C too),
/// and the size follows the window.
/// </summary>
internal sealed partial class RawTerminal : IDisposable
{
    private const int StandardInput = 0;
    private const int Now = 0;

    /// <summary>TIOCGWINSZ of asm-generic/ioctls.h; the same on every architecture that .NET runs Linux on.</summary>
    private const nuint GetWindowSize = 0x5413;

    /// <summary>struct termios is 60 bytes with glibc and musl; room for more does no harm.</summary>
    private readonly byte[] _before = new byte[128];
    private readonly byte[] _raw = new byte[128];
    private bool _isRaw;

    private RawTerminal()
    {
    }

    /// <summary>The terminal where standard input and output are one; else null.</summary>
    public static RawTerminal? Find()
    {
        if (!OperatingSystem.IsLinux() || Console.IsInputRedirected || Console.IsOutputRedirected)
            return null;
        var terminal = new RawTerminal();
        return TcGetAttr(StandardInput, terminal._before) == 0 ? terminal : null;
    }

    /// <summary>Runs a command on the terminal.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> RunAsync(IncusClient client, string instance, ExecRequest request, CancellationToken cancellationToken)
    {
        var (width, height) = Size();
        var environment = new Dictionary<string, string>(request.Environment ?? new Dictionary<string, string>());
        if (Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } term)
            environment.TryAdd("TERM", term);
        var control = new ExecControl();
        using var resized = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ =>
        {
            var (columns, rows) = Size();
            // A size that does not arrive any more is of no interest: the command has ended.
            control.ResizeAsync(columns, rows, CancellationToken.None)
                .ContinueWith(task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        });

        await using var input = StandardStream.OpenInput();
        await using var output = StandardStream.OpenOutput();
        MakeRaw();
        try
        {
            var result = await client.Instances.ExecAsync(
                instance,
                request with { Interactive = true, Width = width, Height = height, Environment = environment },
                new ExecStreams { StandardInput = input, StandardOutput = output, Control = control },
                cancellationToken);
            return result.ExitCode;
        }
        finally
        {
            Restore();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Restore();

    private void MakeRaw()
    {
        _before.CopyTo(_raw, 0);
        CfMakeRaw(_raw);
        _isRaw = TcSetAttr(StandardInput, Now, _raw) == 0;
    }

    private void Restore()
    {
        if (!_isRaw)
            return;
        _ = TcSetAttr(StandardInput, Now, _before);
        _isRaw = false;
    }

    private static (int Width, int Height) Size()
    {
        var size = new WindowSize();
        return Ioctl(StandardInput, GetWindowSize, ref size) == 0 && size.Columns > 0 ? (size.Columns, size.Rows) : (80, 24);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelWidth;
        public ushort PixelHeight;
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int TcGetAttr(int descriptor, [Out] byte[] attributes);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int TcSetAttr(int descriptor, int when, byte[] attributes);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void CfMakeRaw([In, Out] byte[] attributes);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(int descriptor, nuint request, ref WindowSize size);
}
