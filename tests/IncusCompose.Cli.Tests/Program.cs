using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace IncusCompose.Cli.Tests;

/// <summary>
/// The process that tests start where they measure memory: it runs one program to its end, writes the most memory that
/// the program ever had (kB, as the kernel counts it) into a file, and ends with the program's exit code.
/// </summary>
internal static class Program
{
    private const int Children = -1;

    /// <summary>The place of <c>ru_maxrss</c> in <c>struct rusage</c>, after two times of two words each.</summary>
    private const int MostMemory = 4;

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not ["measure", var report, var program, .. var rest])
            return 64;
        using var process = Process.Start(program, rest);
        await process.WaitForExitAsync();
        var usage = new long[18];
        if (GetUsage(Children, usage) != 0)
            throw new Win32Exception();
        await File.WriteAllTextAsync(report, usage[MostMemory].ToString(CultureInfo.InvariantCulture));
        return process.ExitCode;
    }

    [DllImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    private static extern int GetUsage(int who, [Out] long[] usage);
}
