using Incus.Client;

namespace IncusCompose.Resources.Images;

/// <summary>Which of a server's images a word of the file leads to.</summary>
internal static class LiveImages
{
    /// <summary>True for an image that a stack has made, of files or of an instance.</summary>
    public static bool IsOf(Image image, string key, (string Name, string Project) stack) =>
        OwnershipMark.Read(image.Properties) is { } mark && mark.BelongsTo(stack.Name, stack.Project) && mark.Key == key;

    /// <summary>The newest one that a stack has made, of files or of an instance, or built.</summary>
    public static Image? FindOwn(IReadOnlyList<Image> images, string key, (string Name, string Project) stack) =>
        images.Where(image => IsOf(image, key, stack)).MaxBy(image => image.UploadedAt);

    /// <summary>True where the server has an image that a reference leads to.</summary>
    public static bool IsThere(string reference, ClientConfiguration remotes, ServerObservation live)
    {
        var (name, alias) = ImageRemotes.Split(reference);
        var remote = name is null or ClientConfiguration.LocalRemote ? null : ImageRemotes.Find(remotes, name);
        return (name is null or ClientConfiguration.LocalRemote || remote is not null) && Find(remote, alias, InstanceTypes.Container, live.Images) is not null;
    }

    public static Image? Find(DesiredImage desired, IReadOnlyList<Image> images)
    {
        if (desired.Publish is null && desired.Files is null && desired.Build is null)
            return FindNamed(desired.Remote, desired.Id.Name, desired.InstanceType, desired.Digest, desired.Stack, images);
        return FindOwn(images, desired.Id.Name, desired.Stack)
            ?? (desired.Files is { } files ? FindSame(files, images) : null);
    }

    /// <summary>
    /// An image by its name where it comes from. A name of a registry may lead to what the server has by another name already:
    /// then that counts, unless the older one is the stack's own, which goes when the other one takes its place.
    /// </summary>
    public static Image? FindNamed(IncusRemote? remote, string reference, string instanceType, ImageDigest? newest, (string Name, string Project) stack, IReadOnlyList<Image> images)
    {
        var found = Find(remote, ImageRemotes.Split(reference).Alias, instanceType, images) ?? FindPutBack(reference, instanceType, stack, images);
        return found is not null && newest is not null && found.Fingerprint != newest.Fingerprint && OwnershipMark.Read(found.Properties)?.BelongsTo(stack.Name, stack.Project) != true
            ? images.FirstOrDefault(image => image.Fingerprint == newest.Fingerprint) ?? found
            : found;
    }

    /// <summary>One that had to be put back when a newer one did not come: of where it is from the mark alone tells.</summary>
    private static Image? FindPutBack(string reference, string instanceType, (string Name, string Project) stack, IReadOnlyList<Image> images) =>
        images.FirstOrDefault(image => image.Type == instanceType && KeptImage.IsPutBack(image) && IsOf(image, reference, stack));

    public static Image? Find(IncusRemote? remote, string alias, string instanceType, IReadOnlyList<Image> images)
    {
        var candidates = images.Where(image => image.Type == instanceType);
        // An image that was kept up to date may leave an older one.
        if (remote is not null)
            return candidates.Where(image => Matches(image, remote, alias)).MaxBy(image => image.UploadedAt);

        return candidates.FirstOrDefault(image => image.Aliases.Any(own => own.Name == alias))
            ?? candidates.FirstOrDefault(image => alias.Length >= 6 && image.Fingerprint.StartsWith(alias, StringComparison.Ordinal));
    }

    /// <summary>The same image, that somebody else has brought. Files are read only where one is as large as they are.</summary>
    private static Image? FindSame(ImageFiles files, IReadOnlyList<Image> images)
    {
        try
        {
            var size = files.Size();
            if (images.All(image => image.Size != size))
                return null;
            var fingerprint = files.Fingerprint();
            return images.FirstOrDefault(image => image.Fingerprint == fingerprint);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // That they cannot be read is reported where they are to be sent.
            return null;
        }
    }

    /// <summary>True for an image that was brought from this alias of this server.</summary>
    public static bool Matches(Image image, IncusRemote remote, string alias) =>
        image.UpdateSource is { } source
        && source.Alias == alias
        && source.Protocol == remote.Protocol
        && remote.Addresses.Any(address => Anonymous(address) == Anonymous(source.Server));

    /// <summary>An address without the name and the password that the image was fetched with.</summary>
    private static string Anonymous(string address) => (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0
        ? address.Replace(uri.UserInfo + "@", "", StringComparison.Ordinal)
        : address).TrimEnd('/');
}
