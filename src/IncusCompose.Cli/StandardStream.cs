using System.Runtime.InteropServices;

namespace IncusCompose.Cli;

/// <summary>
/// Standard output or standard error, written to by the C library's <c>write</c>. The Console class's own streams read
/// terminal descriptions and switch the terminal's keypad mode at the first byte, which costs time and leaves escape
/// sequences in what should be plain; a FileStream would write at positions of its own where two streams share a file.
/// </summary>
internal sealed partial class StandardStream : Stream
{
    private const int Interrupted = 4;   // EINTR
    private const int TryAgain = 11;     // EAGAIN
    private const int BrokenPipe = 32;   // EPIPE

    private readonly int _descriptor;

    private StandardStream(int descriptor) => _descriptor = descriptor;

    /// <summary>Opens standard output.</summary>
    public static Stream OpenOutput() => OperatingSystem.IsLinux() ? new StandardStream(1) : Console.OpenStandardOutput();

    /// <summary>Opens standard error.</summary>
    public static Stream OpenError() => OperatingSystem.IsLinux() ? new StandardStream(2) : Console.OpenStandardError();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

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
                        WaitForRoom();
                        break;
                    case BrokenPipe:
                        // The reader (head, less) has seen enough: that is not an error.
                        return;
                    case var error:
                        throw new IOException($"cannot write to standard {(_descriptor == 1 ? "output" : "error")}: {Marshal.GetPInvokeErrorMessage(error)}");
                }
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Somebody who shares the stream made it non-blocking: wait until it takes more.</summary>
    private void WaitForRoom()
    {
        var poll = new PollDescriptor { Descriptor = _descriptor, Events = 4 }; // POLLOUT
        _ = Poll(ref poll, 1, -1);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeout);
}
