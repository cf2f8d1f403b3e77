using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Instances;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;

namespace IncusCompose.Building;

/// <summary>An image that was built, in files that are gone once it is disposed of.</summary>
/// <param name="Folder">Where they are.</param>
/// <param name="Files">What the server takes.</param>
/// <param name="Config">What it says of itself.</param>
internal sealed record BuiltImage(DirectoryInfo Folder, ImageFiles Files, ImageConfig Config) : IDisposable
{
    public void Dispose() => Folder.Delete(recursive: true);
}

/// <summary>
/// Has a builder of this machine build an image, and makes of it what a server makes of an image from a registry: the root file
/// system of all layers, packed by the builder itself, and the configuration of what is run.
/// </summary>
/// <param name="tool">The builder.</param>
/// <param name="tell">Receives what it writes.</param>
internal sealed class ImageBuilder(BuildTool tool, Action<string> tell)
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    // Mounting what it has built needs rights that root has, or that buildah gets for itself.
    private const string PackWithBuildah = """
        set -e
        root=$(buildah mount "$1")
        tar --create --file "$2" --format=pax --numeric-owner --xattrs --sort=name --directory "$root" .
        """;

    private const int LargestMasked = 64 * 1024;

    private static readonly TimeSpan LongestCleanUp = TimeSpan.FromSeconds(60);

    /// <summary>What the builder keeps it as.</summary>
    public required string Tag { get; init; }

    /// <summary>The values of the secrets that it may mount, by their keys in the file; those in files by the files' paths.</summary>
    public required IReadOnlyDictionary<string, SecretDefinition> Secrets { get; init; }

    /// <summary>Builds.</summary>
    /// <param name="build">What.</param>
    /// <param name="description">The image in words.</param>
    /// <param name="architectures">What the server runs, its own first.</param>
    /// <param name="cancellationToken">Kills the builder.</param>
    /// <exception cref="IncusException">It cannot be built, or is nothing that the server could run.</exception>
    public async Task<BuiltImage> BuildAsync(BuildDefinition build, string description, IReadOnlyList<string> architectures, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("incus-compose-build-");
        try
        {
            var identity = Path.Combine(folder.FullName, "id");
            await tool.TellAsync(Arguments(build, folder.FullName, identity, architectures), Variables(build), build.Arguments.Concat(Mounted(build)), tell, cancellationToken).ConfigureAwait(false);
            var image = (await File.ReadAllTextAsync(identity, cancellationToken).ConfigureAwait(false)).Trim();
            var config = await InspectAsync(image, cancellationToken).ConfigureAwait(false);
            if (architectures.Count > 0 && !architectures.Contains(config.IncusArchitecture))
                throw new IncusException($"It was built for {config.Architecture}, and the server runs {string.Join(", ", architectures)}", $"build it for `platforms: [{MachineArchitecture.Of(architectures[0]).Platform}]`");
            if (config.Entrypoint.Count + config.Command.Count == 0)
                tell("the image says no program: an instance of it needs `entrypoint`");
            var rootfs = Path.Combine(folder.FullName, "rootfs.tar");
            await PackAsync(image, rootfs, cancellationToken).ConfigureAwait(false);
            return new BuiltImage(folder, await ConvertAsync(config, description, rootfs, folder.FullName, cancellationToken).ConfigureAwait(false), config);
        }
        catch (Exception error)
        {
            folder.Delete(recursive: true);
            if (error is IOException or UnauthorizedAccessException or InvalidDataException)
                throw new BuildFailedException($"What {tool.Name} built could not be read: {error.Message}");
            throw;
        }
    }

    private List<string> Arguments(BuildDefinition build, string folder, string identity, IReadOnlyList<string> architectures)
    {
        List<string> arguments = ["build", "--iidfile", identity, "--tag", Tag];
        // As podman and docker do by themselves, so that what did not change is not built again.
        if (tool.Name == BuildTool.Buildah)
            arguments.Add("--layers");
        // The other form has no place for health checks.
        if (tool.Name != BuildTool.Docker)
            arguments.AddRange(["--format", "docker"]);
        // Without a runtime for containers it can run the steps by itself.
        if (tool.Name != BuildTool.Docker && Environment.GetEnvironmentVariable("BUILDAH_ISOLATION") is null && !HostProgram.IsInstalled("crun") && !HostProgram.IsInstalled("runc"))
            arguments.AddRange(["--isolation", "chroot"]);
        if (build.DockerfileInline is { } text)
        {
            var inline = Path.Combine(folder, "Dockerfile");
            File.WriteAllText(inline, text);
            arguments.AddRange(["--file", inline]);
        }
        else if ((BuildInputs.DockerfileOf(build) ?? build.Dockerfile) is { } dockerfile)
        {
            arguments.AddRange(["--file", dockerfile]);
        }

        foreach (var (name, value) in build.Arguments)
            arguments.AddRange(["--build-arg", IsHandedOn(name) ? name : $"{name}={value}"]);
        if (build.Target is { } target)
            arguments.AddRange(["--target", target]);
        foreach (var (name, value) in build.Labels)
            arguments.AddRange(["--label", $"{name}={value}"]);
        if ((build.Platform ?? PlatformFor(architectures)) is { } platform)
            arguments.AddRange(["--platform", platform]);
        if (build.NoCache)
            arguments.Add("--no-cache");
        if (build.Pull)
            arguments.Add(tool.Name == BuildTool.Docker ? "--pull" : "--pull-always");
        if (build.Network is { } network)
            arguments.AddRange(["--network", network]);
        if (build.ShmSize is { } size)
            arguments.AddRange(["--shm-size", size]);
        foreach (var host in build.ExtraHosts)
            arguments.AddRange(["--add-host", host]);
        foreach (var (name, place) in build.AdditionalContexts)
            arguments.AddRange(["--build-context", $"{name}={place}"]);
        foreach (var (index, secret) in build.Secrets.Index())
            arguments.AddRange(["--secret", $"id={secret.Target},src={SecretFile(Secrets[secret.Source], Path.Combine(folder, $"secret{index}"))}"]);
        foreach (var agent in build.Ssh)
            arguments.AddRange(["--ssh", agent]);
        arguments.Add(build.Context);
        return arguments;
    }

    /// <summary>Arguments of a build can be secrets, and what is on a command line everybody on the machine can read.</summary>
    private Dictionary<string, string> Variables(BuildDefinition build)
    {
        var variables = build.Arguments.Where(argument => IsHandedOn(argument.Key)).ToDictionary();
        // Not every docker knows the options that say the same.
        if (tool.Name == BuildTool.Docker)
            (variables["BUILDKIT_PROGRESS"], variables["BUILDX_NO_DEFAULT_ATTESTATIONS"]) = ("plain", "1");
        return variables;
    }

    /// <summary>What a builder itself goes by, or a program that it starts: names, or their beginnings.</summary>
    private static readonly string[] s_ofBuilders =
        ["BUILDAH_", "BUILDKIT_", "BUILDX_", "CONTAINER_", "CONTAINERS_", "DOCKER_", "GODEBUG", "HOME", "LD_", "PATH", "PODMAN_", "REGISTRY_AUTH_FILE", "SSL_CERT_", "STORAGE_", "TMPDIR", "XDG_"];

    private static bool IsHandedOn(string name) =>
        name.Length > 0 && !name.EndsWith("_PROXY", StringComparison.OrdinalIgnoreCase) && !s_ofBuilders.Any(own => own.EndsWith('_') ? name.StartsWith(own, StringComparison.Ordinal) : name == own);

    /// <summary>The secrets that steps may mount, to be masked should one print them.</summary>
    private IEnumerable<KeyValuePair<string, string>> Mounted(BuildDefinition build)
    {
        foreach (var secret in build.Secrets.Select(secret => Secrets[secret.Source]))
        {
            var value = secret.Value;
            if (secret.File is { } file && new FileInfo(file) is { Exists: true, Length: < LargestMasked })
                value = File.ReadAllText(file);
            if (value is not null)
                yield return new("SECRET", value.Trim());
        }
    }

    private static string SecretFile(SecretDefinition secret, string path)
    {
        if (secret.File is { } file)
        {
            // Where the builder would take the rest of the path for an option.
            if (!file.Contains(',', StringComparison.Ordinal))
                return file;
            File.Copy(file, path);
            return path;
        }

        // The folder that it is in nobody else may enter.
        File.WriteAllText(path, secret.Value ?? throw new IncusException($"The variable {secret.Environment} is not set", "set it in the environment or in the .env file"));
        return path;
    }

    /// <summary>The server's platform where this machine's is none that it runs.</summary>
    private static string? PlatformFor(IReadOnlyList<string> architectures) =>
        architectures.Count == 0 || architectures.Contains(MachineArchitecture.OfThisMachine.Name) ? null : MachineArchitecture.Of(architectures[0]).Platform;

    private async Task<ImageConfig> InspectAsync(string image, CancellationToken cancellationToken)
    {
        var said = await tool.RunAsync(tool.Name == BuildTool.Buildah ? ["inspect", "--type", "image", image] : ["image", "inspect", image], tell, cancellationToken).ConfigureAwait(false);
        try
        {
            return ImageConfig.Parse(said);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new BuildFailedException($"What {tool.Name} says of the image that it built cannot be understood: {error.Message}");
        }
    }

    private async Task PackAsync(string image, string rootfs, CancellationToken cancellationToken)
    {
        tell("packing its root file system");
        // Called by a name that is known before it is there, so that it can go whatever happens.
        var container = $"incus-compose-{Guid.NewGuid():N}";
        try
        {
            if (tool.Name == BuildTool.Buildah)
            {
                await tool.RunAsync(["from", "--pull-never", "--name", container, image], tell, cancellationToken).ConfigureAwait(false);
                var shell = new BuildTool(Environment.IsPrivilegedProcess ? "sh" : BuildTool.Buildah);
                await shell.TellAsync([.. Environment.IsPrivilegedProcess ? (string[])[] : ["unshare", "--", "sh"], "-c", PackWithBuildah, "sh", container, rootfs], new Dictionary<string, string>(), [], tell, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                // It is never started; an image that says no program needs one all the same.
                await tool.RunAsync(["create", "--name", container, image, "none"], tell, cancellationToken).ConfigureAwait(false);
                await tool.RunAsync(["export", "--output", rootfs, container], tell, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await RemoveAsync(container).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a container away that was made to be packed, if it came to be. Is not cancelled.</summary>
    private async Task RemoveAsync(string container)
    {
        using var limit = new CancellationTokenSource(LongestCleanUp);
        try
        {
            if ((await tool.RunAsync(tool.Name == BuildTool.Buildah ? ["containers", "--quiet", "--filter", $"name={container}"] : ["ps", "--all", "--quiet", "--filter", $"name={container}"], null, limit.Token).ConfigureAwait(false)).Trim().Length > 0)
                await tool.RunAsync(["rm", container], null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is BuildFailedException or OperationCanceledException)
        {
            tell($"the container {container} of {tool.Name}, which was made to be packed, could not be removed; remove it with: {tool.Name} rm {container}");
        }
    }

    private static async Task<ImageFiles> ConvertAsync(ImageConfig config, string description, string rootfs, string folder, CancellationToken cancellationToken)
    {
        var (metadata, packed) = (Path.Combine(folder, "metadata.tar.gz"), rootfs + ".gz");
        var archive = File.OpenRead(rootfs);
        await using (archive.ConfigureAwait(false))
        {
            var accounts = await AccountFiles.ReadAsync(archive, cancellationToken).ConfigureAwait(false);
            await WriteAsync(metadata, [("config.json", config.ToRuntimeConfig(accounts)), ("metadata.yaml", config.ToMetadata(description))], config.Created, cancellationToken).ConfigureAwait(false);
            archive.Position = 0;
            var output = File.Create(packed);
            await using (output.ConfigureAwait(false))
            {
                var zip = new GZipStream(output, CompressionLevel.Fastest);
                await using (zip.ConfigureAwait(false))
                    await archive.CopyToAsync(zip, cancellationToken).ConfigureAwait(false);
            }
        }

        File.Delete(rootfs);
        return new ImageFiles(metadata, packed);
    }

    private static async Task WriteAsync(string path, IReadOnlyList<(string Name, string Text)> files, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var output = File.Create(path);
        await using (output.ConfigureAwait(false))
        {
            var zip = new GZipStream(output, CompressionLevel.Fastest);
            await using (zip.ConfigureAwait(false))
            {
                var writer = new TarWriter(zip, TarEntryFormat.Ustar);
                await using (writer.ConfigureAwait(false))
                {
                    foreach (var (name, text) in files)
                    {
                        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
                        var entry = new UstarTarEntry(TarEntryType.RegularFile, name) { Mode = Readable, ModificationTime = time, DataStream = content };
                        await writer.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
        }
    }
}
