using System.Runtime.InteropServices;

namespace IncusCompose.Cli;

/// <summary>
/// Standard input, output or error by the C library's <c>read</c> and <c>write</c>. The Console class's own streams read
/// terminal descriptions and switch the terminal's modes at the first byte, which costs time, leaves escape sequences in
/// what should be plain, and edits lines where every key should pass; a FileStream would write at positions of its own
/// where two streams share a file.
/// </summary>
internal sealed partial class StandardStream : Stream
{
    private const int Interrupted = 4;   // EINTR
    private const int TryAgain = 11;     // EAGAIN
    private const int BrokenPipe = 32;   // EPIPE
    private const int HungUp = 5;        // EIO
    private const short Readable = 1;    // POLLIN
    private const short Writable = 4;    // POLLOUT

    private readonly int _descriptor;

    private StandardStream(int descriptor) => _descriptor = descriptor;

    /// <summary>True once whoever read from the other end has gone.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Opens standard input.</summary>
    public static Stream OpenInput() => OperatingSystem.IsLinux() ? new StandardStream(0) : Console.OpenStandardInput();

    /// <summary>Opens standard output.</summary>
    public static Stream OpenOutput() => OperatingSystem.IsLinux() ? new StandardStream(1) : Console.OpenStandardOutput();

    /// <summary>Opens standard error.</summary>
    public static Stream OpenError() => OperatingSystem.IsLinux() ? new StandardStream(2) : Console.OpenStandardError();

    public override bool CanRead => _descriptor == 0;

    public override bool CanSeek => false;

    public override bool CanWrite => _descriptor != 0;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var done = 0;
            while (done < buffer.Length)
            {
                var written = Write(_descriptor, start + done, buffer.Length - done);
                if (written >= 0)
                {
                    done += (int)written;
                    continue;
                }
                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted:
                        break;
                    case TryAgain:
                        Wait(Writable);
                        break;
                    case BrokenPipe or HungUp:
                        // The reader (head, less) has seen enough, or the terminal is gone: that is not an error.
                        IsBroken = true;
                        return;
                    case var error:
                        throw Failure("write to", error);
                }
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override unsafe int Read(Span<byte> buffer)
    {
        while (true)
        {
            nint count;
            fixed (byte* start = buffer)
                count = Read(_descriptor, start, buffer.Length);
            if (count >= 0)
                return (int)count;
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case TryAgain:
                    Wait(Readable);
                    break;
                case HungUp:
                    // The terminal is gone: nothing more comes from it.
                    return 0;
                case var error:
                    throw Failure("read from", error);
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>
    /// Reads on a thread of its own, which stays behind where the read is cancelled: a read of a terminal or pipe cannot
    /// be called back, and must not keep a thread of the pool from its work.
    /// </summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Task.Factory.StartNew(() => Read(buffer.Span), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Somebody who shares the stream made it non-blocking: wait until it is ready again.</summary>
    private void Wait(short events)
    {
        var poll = new PollDescriptor { Descriptor = _descriptor, Events = events };
        _ = Poll(ref poll, 1, -1);
    }

    private IOException Failure(string action, int error)
    {
        var name = _descriptor switch
        {
            0 => "input",
            1 => "output",
            _ => "error",
        };
        return new IOException($"cannot {action} standard {name}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeout);
}
