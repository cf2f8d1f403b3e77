using Incus.Client;

namespace IncusCompose.Resources.Images;

/// <summary>An image of the server, kept on this machine while something else takes its place there.</summary>
internal sealed class KeptImage : IDisposable
{
    /// <summary>Beside the mark of an image that was put back: the fingerprint that it had, since that of an OCI image is not one of its files.</summary>
    private const string Key = OwnershipMark.Prefix + "put-back";

    private static readonly TimeSpan LongestReturn = TimeSpan.FromMinutes(10);

    private readonly IncusClient _client;
    private readonly DirectoryInfo _folder;
    private readonly string? _contentType;

    private KeptImage(IncusClient client, Image image, DirectoryInfo folder, string? contentType) =>
        (_client, Image, _folder, _contentType) = (client, image, folder, contentType);

    /// <summary>What the server said of it.</summary>
    public Image Image { get; }

    private string File => FileIn(_folder);

    /// <summary>True for one that was put back: where it came from the server does not know any more.</summary>
    public static bool IsPutBack(Image image) => image.UpdateSource is null && image.Properties.ContainsKey(Key);

    /// <summary>What instances know an image by that were made from it: of one that was put back, the fingerprint that it had before.</summary>
    public static string FingerprintOf(Image image) => image.Properties.GetValueOrDefault(Key, image.Fingerprint);

    /// <summary>Fetches it from the server, where it stays.</summary>
    /// <param name="client">The server.</param>
    /// <param name="fingerprint">The image.</param>
    /// <param name="cancellationToken">Ends the download.</param>
    /// <exception cref="IncusException">The server does not give it, or there is no room for it here.</exception>
    public static async Task<KeptImage> TakeAsync(IncusClient client, string fingerprint, CancellationToken cancellationToken)
    {
        var image = (await client.Images.GetAsync(fingerprint, cancellationToken).ConfigureAwait(false)).Value;
        var folder = Directory.CreateTempSubdirectory("incus-compose-image-");
        try
        {
            var download = await client.Images.ExportAsync(fingerprint, cancellationToken).ConfigureAwait(false);
            await using (download.ConfigureAwait(false))
            {
                var file = System.IO.File.Create(FileIn(folder));
                await using (file.ConfigureAwait(false))
                    await download.Content.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
                return new KeptImage(client, image, folder, download.ContentType);
            }
        }
        catch (Exception error)
        {
            folder.Delete(recursive: true);
            if (error is IOException or UnauthorizedAccessException)
                throw new IncusException($"The image {fingerprint[..12]} has to be kept in {folder.Parent} while another one takes its place, and cannot be: {error.Message.TrimEnd('.')}", "make room there, or name another folder with TMPDIR", error);
            throw;
        }
    }

    /// <summary>Sees to it that the server has it, as it was, with the names that nobody has given to another one since. Is not cancelled.</summary>
    /// <returns>Why it could not be put back; null where it is there.</returns>
    public async Task<string?> PutBackAsync()
    {
        using var limit = new CancellationTokenSource(LongestReturn);
        try
        {
            var fingerprint = Image.Fingerprint;
            if (await _client.Images.FindAsync(fingerprint, limit.Token).ConfigureAwait(false) is null)
            {
                var file = System.IO.File.OpenRead(File);
                await using (file.ConfigureAwait(false))
                    fingerprint = ImageApi.FingerprintOf(await _client.Images.ImportExportedAsync(file, _contentType, limit.Token).CompleteAsync(null, limit.Token).ConfigureAwait(false)) ?? fingerprint;
                await _client.Images.UpdateAsync(
                    fingerprint,
                    now => now with { Properties = new Dictionary<string, string>(Image.Properties) { [Key] = FingerprintOf(Image) }, Profiles = Image.Profiles, Public = Image.Public, ExpiresAt = Image.ExpiresAt },
                    limit.Token).ConfigureAwait(false);
            }

            foreach (var alias in Image.Aliases)
            {
                if (await _client.Images.FindAliasAsync(alias.Name, limit.Token).ConfigureAwait(false) is null)
                    await _client.Images.CreateAliasAsync(new ImageAlias { Name = alias.Name, Description = alias.Description, Target = fingerprint }, limit.Token).ConfigureAwait(false);
            }

            return null;
        }
        catch (Exception error) when (error is IncusException or IOException or OperationCanceledException)
        {
            return error is OperationCanceledException ? $"it took longer than {LongestReturn.TotalMinutes:0} minutes" : error.Message.TrimEnd('.');
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string FileIn(DirectoryInfo folder) => Path.Combine(folder.FullName, "image");
}
