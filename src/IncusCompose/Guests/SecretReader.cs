using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Hooks;
using IncusCompose.Instances;
using IncusCompose.Provision;

namespace IncusCompose.Guests;

/// <summary>Gets the values of secrets from where the file says. They go nowhere but into instances.</summary>
internal static class SecretReader
{
    private const int LargestSecret = 1024 * 1024;

    /// <summary>The values of the secrets that instances of a stack get; those that no instance gets are not looked at.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="allowHost">True where commands on this machine may be run.</param>
    /// <param name="problems">Receives why a value cannot be had.</param>
    /// <param name="cancellationToken">Kills what is run.</param>
    public static async Task<IReadOnlyDictionary<string, byte[]>> ReadAsync(StackDefinition stack, bool allowHost, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var wanted = stack.Instances.Values.SelectMany(instance => instance.Secrets).Select(grant => grant.Source).Distinct(StringComparer.Ordinal)
            .Select(name => stack.Secrets.GetValueOrDefault(name)).OfType<SecretDefinition>().ToList();
        var values = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (secret, read) in await Task.WhenAll(wanted.Select(async secret => (secret, await ReadAsync(secret, stack.Folder, allowHost, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false))
        {
            var path = $"secrets.{secret.Name}";
            if (read.Value is { } value)
                values[secret.Name] = value;
            else
                problems.Add(Diagnostic.Error("SecretUnavailable", stack.Source.Find(path), path, $"the secret `{secret.Name}` cannot be had: {read.Problem}", read.Advice));
        }

        return values;
    }

    /// <summary>A small file of this machine, taken as it is.</summary>
    /// <exception cref="IOException">It cannot be read, or is too large.</exception>
    public static byte[] ReadFile(string path)
    {
        // It looks for what is no ordinary file, which may have no end.
        if (SourceTree.Read(path) is not [{ Kind: SourceKind.File } file] || Directory.Exists(path))
            throw new IOException($"{path} is a folder; name a file");
        try
        {
            if (new FileInfo(file.Path).Length > LargestSecret)
                throw new IOException($"the file {path} is larger than 1 MiB; bring what is large in by `files`");
            return File.ReadAllBytes(file.Path);
        }
        catch (UnauthorizedAccessException)
        {
            throw new IOException($"{path} may not be read");
        }
    }

    private readonly record struct Read(byte[]? Value, string Problem = "", string Advice = "");

    private static async Task<Read> ReadAsync(SecretDefinition secret, string? folder, bool allowHost, CancellationToken cancellationToken)
    {
        switch (secret)
        {
            case { File: { } file }:
                try
                {
                    return new(ReadFile(file));
                }
                catch (IOException error)
                {
                    return new(null, error.Message, folder is null ? "" : $"paths start from {folder}");
                }

            case { Environment: { } name }:
                return secret.Value is { } text
                    ? new(Encoding.UTF8.GetBytes(text))
                    : new(null, $"the variable {name} is not set", "set it in the environment or in the .env file");
            case { Command: not null } when !allowHost:
                return new(null, "a command on this machine writes it, which was not allowed", HookRefusal.Advice);
            case { Command: { } command }:
                var written = await RunAsync(command, folder, secret.Timeout, cancellationToken).ConfigureAwait(false);
                // A line break at the end is the terminal's, not the secret's.
                return written.Value is { } bytes ? new(WithoutLineBreak(bytes)) : written;
            case { Age: { } age }:
                return await DecryptAsync(["age", "--decrypt", "--identity", age.Identity, age.File], "apt-get install age", folder, secret.Timeout, cancellationToken).ConfigureAwait(false);
            case { Sops: { } sops }:
                string[] extract = sops.Key is null ? [] : ["--extract", string.Concat(sops.Key.Split('.').Select(key => $"[\"{key.Replace("\"", "\\\"", StringComparison.Ordinal)}\"]"))];
                return await DecryptAsync(["sops", "--decrypt", .. extract, sops.File], "see its releases", folder, secret.Timeout, cancellationToken).ConfigureAwait(false);
            default:
                throw new InvalidOperationException("A secret says nowhere to come from.");
        }
    }

    private static async Task<Read> DecryptAsync(IReadOnlyList<string> command, string installation, string? folder, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (!File.Exists(command[^1]))
            return new(null, $"there is no file {command[^1]}", folder is null ? "" : $"paths start from {folder}");
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Any(place => File.Exists(Path.Combine(place, command[0])));
        return found
            ? await RunAsync(command, folder, timeout, cancellationToken).ConfigureAwait(false)
            : new(null, $"there is no {command[0]} on this machine's PATH", $"install it ({installation})");
    }

    private static byte[] WithoutLineBreak(byte[] bytes) => bytes switch
    {
        [.. var rest, (byte)'\r', (byte)'\n'] => rest,
        [.. var rest, (byte)'\n'] => rest,
        _ => bytes,
    };

    /// <summary>What a command on this machine writes. Only what it says of its troubles is shown.</summary>
    private static async Task<Read> RunAsync(IReadOnlyList<string> command, string? folder, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var name = CommandWords.ProgramOf(command);
        // What is named by a path is looked for in the folder that it runs in, as a shell would.
        var program = command[0].Contains('/', StringComparison.Ordinal) && folder is not null ? Path.GetFullPath(command[0], folder) : command[0];
        var start = new ProcessStartInfo(program, command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Duration.Bounded(timeout));
        var troubles = new CommandOutput(null, []);
        Process? process = null;
        try
        {
            process = Process.Start(start)!;
            process.StandardInput.Close();
            using var errors = new LineStream(troubles.Take);
            var told = process.StandardError.BaseStream.CopyToAsync(errors, limit.Token);
            var value = await ReadAsync(process.StandardOutput.BaseStream, limit.Token).ConfigureAwait(false);
            if (value is null)
            {
                process.Kill(entireProcessTree: true);
                return new(null, $"{name} wrote more than 1 MiB", "a secret is smaller");
            }

            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            await told.ConfigureAwait(false);
            errors.Flush();
            return process.ExitCode == 0 ? new(value) : new(null, troubles.After($"{name} ended with exit status {process.ExitCode}"));
        }
        catch (Exception error) when (error is Win32Exception or DirectoryNotFoundException)
        {
            return new(null, $"{name} cannot be started on this machine: {error.Message}");
        }
        catch (OperationCanceledException)
        {
            process?.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            return new(null, $"{name} did not end within {Duration.Format(timeout)}", "give it more time with `timeout`, and let it ask nothing");
        }
        finally
        {
            process?.Dispose();
        }
    }

    private static async Task<byte[]?> ReadAsync(Stream output, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await output.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (all.Length + count > LargestSecret)
                return null;
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }
}
