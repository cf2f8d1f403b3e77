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
        return HostProgram.IsInstalled(command[0])
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
        using var value = new MemoryStream();
        var troubles = new CommandOutput(null, []);
        using var errors = new LineStream(troubles.Take);
        var program = new HostProgram { Command = command, Folder = folder, Timeout = timeout, MostOutput = LargestSecret };
        var end = await program.RunAsync(value, errors, cancellationToken).ConfigureAwait(false);
        return end switch
        {
            { Problem: null } => new(value.ToArray()),
            { WroteTooMuch: true } => new(null, $"{CommandWords.ProgramOf(command)} wrote more than 1 MiB", "a secret is smaller"),
            { TookTooLong: true } => new(null, end.Problem, "give it more time with `timeout`, and let it ask nothing"),
            _ => new(null, end.FailureWith(troubles)!),
        };
    }
}
