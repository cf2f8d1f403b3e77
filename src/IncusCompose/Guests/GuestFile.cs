using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Provision;

namespace IncusCompose.Guests;

/// <summary>A file, link or folder as it should be in an instance.</summary>
/// <param name="Label">What plans call it: <c>files./etc/motd</c>, <c>secrets.db</c>.</param>
/// <param name="Target">Its absolute path in the instance.</param>
/// <param name="Kind">File, link or directory.</param>
internal sealed record GuestFile(string Label, string Target, InstanceFileKind Kind)
{
    private const int FileMode = 0b110_100_100;
    private const int ExecutableMode = 0b111_101_101;
    private const int SecretMode = 0b100_000_000;
    private const int ConfigMode = 0b100_100_100;

    /// <summary>The user who owns it: a name or number; null: root.</summary>
    public string? Owner { get; init; }

    /// <summary>The group that owns it: a name or number; null: the owner's.</summary>
    public string? Group { get; init; }

    /// <summary>Permissions.</summary>
    public int Mode { get; init; }

    /// <summary>True where nothing of it is shown, not even how long it is.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Bytes of content.</summary>
    public long Size { get; init; }

    /// <summary>SHA-256 of the content, of a link of where it leads.</summary>
    public byte[] Hash { get; init; } = [];

    /// <summary>Where a link leads to.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>Opens the content.</summary>
    public Func<Stream> Open { get; init; } = static () => Stream.Null;

    /// <summary>What it is to be, as a plan shows it.</summary>
    public string Describe() => Kind switch
    {
        _ when IsSecret => "(secret)",
        InstanceFileKind.Directory => "folder",
        InstanceFileKind.Link => $"link to {LinkTarget}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Size} {(Size == 1 ? "byte" : "bytes")}, {Octal(Mode)}{(Owner is null ? "" : $" {Owner}")}"),
    };

    /// <summary>Its permissions and its owner as the file says them, such as <c>0644 www-data</c>.</summary>
    public string DescribeAccess() => $"{Octal(Mode)} {Owner ?? "root"}{(Group is null ? "" : $":{Group}")}";

    /// <summary>Permissions as people write them.</summary>
    public static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');

    /// <summary>Everything that an instance is to have; files of this machine are read for it.</summary>
    /// <param name="stack">The stack, its replicas as instances of their own.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="secrets">The values of the stack's secrets that could be had.</param>
    /// <param name="problems">Receives what cannot be read.</param>
    public static IReadOnlyList<GuestFile> Of(StackDefinition stack, InstanceDefinition instance, IReadOnlyDictionary<string, byte[]> secrets, ICollection<Diagnostic> problems)
    {
        var files = new List<GuestFile>();
        var key = $"instances.{instance.Group ?? instance.Name}";
        foreach (var (index, file) in instance.Files.Index())
            Try($"{key}.files[{index}]", () => files.AddRange(Of(file)));
        foreach (var grant in instance.Secrets.Where(grant => grant.Delivery == GrantDelivery.File))
        {
            if (secrets.TryGetValue(grant.Source, out var value))
                files.Add(OfGrant($"secrets.{grant.Source}", SecretTarget(grant), grant, value, SecretMode) with { IsSecret = true });
        }

        foreach (var (index, grant) in instance.Configs.Index().Where(entry => entry.Item.Delivery == GrantDelivery.File))
        {
            if (stack.Configs.TryGetValue(grant.Source, out var config))
                Try($"{key}.configs[{index}]", () => files.Add(OfGrant($"configs.{grant.Source}", ConfigTarget(grant), grant, ReadConfig(config), ConfigMode)));
        }

        // Of two that lead to one path the later counts; which is reported where the file says so itself.
        return [.. files.GroupBy(file => file.Target, StringComparer.Ordinal).Select(group => group.Last())];

        void Try(string path, Action read)
        {
            try
            {
                read();
            }
            catch (IOException error)
            {
                problems.Add(Diagnostic.Error("BadFileEntry", stack.Source.Find(path), path, error.Message, stack.Folder is null ? "" : $"paths start from {stack.Folder}"));
            }
        }
    }

    /// <summary>Where a secret comes to lie.</summary>
    public static string SecretTarget(GrantDefinition grant) =>
        grant.Target is { } target ? target.StartsWith('/') ? target : "/run/secrets/" + target : "/run/secrets/" + grant.Source;

    /// <summary>Where a config comes to lie.</summary>
    public static string ConfigTarget(GrantDefinition grant) =>
        grant.Target is { } target ? target.StartsWith('/') ? target : "/" + target : "/" + grant.Source;

    /// <summary>The content of a config.</summary>
    /// <exception cref="IOException">Its file cannot be read.</exception>
    public static byte[] ReadConfig(ConfigDefinition config) => config.Content is { } text ? Encoding.UTF8.GetBytes(text) : SecretReader.ReadFile(config.File!);

    private static GuestFile OfGrant(string label, string target, GrantDefinition grant, byte[] content, int mode) =>
        OfBytes(label, target, content) with { Owner = grant.Owner, Group = grant.Group, Mode = grant.Mode ?? mode };

    private static GuestFile OfBytes(string label, string target, byte[] content) => new(label, target, InstanceFileKind.File)
    {
        Size = content.Length,
        Hash = SHA256.HashData(content),
        Open = () => new MemoryStream(content, writable: false),
    };

    private static IEnumerable<GuestFile> Of(FileDefinition file)
    {
        if (file.Content is { } text)
            return [Owned(OfBytes($"files.{file.Target}", file.Target, Encoding.UTF8.GetBytes(text)) with { Mode = file.Mode ?? FileMode })];
        var source = file.Source!;
        var isFolder = Directory.Exists(source);
        var target = !isFolder && file.Target.EndsWith('/') ? file.Target + Path.GetFileName(source) : file.Target.TrimEnd('/');
        var entries = SourceTree.Read(source).Select(entry => OfEntry(entry, isFolder ? $"{target}/{Path.GetRelativePath(source, entry.Path).Replace('\\', '/')}" : target));
        var folder = new GuestFile($"files.{target}", target, InstanceFileKind.Directory) { Mode = FolderMode(file.Mode) };
        return [.. (isFolder ? entries.Prepend(folder) : entries).Select(Owned)];

        GuestFile Owned(GuestFile one) => one with { Owner = file.Owner, Group = file.Group };

        GuestFile OfEntry(SourceEntry entry, string path) => new GuestFile($"files.{path}", path, entry.Kind switch
        {
            SourceKind.Folder => InstanceFileKind.Directory,
            SourceKind.Link => InstanceFileKind.Link,
            _ => InstanceFileKind.File,
        })
        {
            Mode = entry.Kind == SourceKind.Folder ? FolderMode(file.Mode) : file.Mode ?? (entry.CanRun ? ExecutableMode : FileMode),
            LinkTarget = entry.LinkTarget,
            Size = entry.Kind == SourceKind.File ? new FileInfo(entry.Path).Length : 0,
            Hash = entry.Kind switch
            {
                SourceKind.File => Convert.FromHexString(SourceTree.DigestOf(entry)),
                SourceKind.Link => SHA256.HashData(Encoding.UTF8.GetBytes(entry.LinkTarget!)),
                _ => [],
            },
            Open = () => File.OpenRead(entry.Path),
        };
    }

    /// <summary>Folders can be entered by who may read what is in them.</summary>
    private static int FolderMode(int? mode) => mode is { } bits ? bits | ((bits & 0b100_100_100) >> 2) : ExecutableMode;
}
