using Incus.Client;
using IncusCompose.Loading.Dialects;

namespace IncusCompose.Resources.Images;

/// <summary>Where an image comes from, by the first part of its reference.</summary>
internal static class ImageRemotes
{
    /// <summary>The remote or registry of a reference, and what the image is called there; null: it is on the server itself.</summary>
    public static (string? Remote, string Alias) Split(string reference)
    {
        if (OciReference.Split(reference) is { } registry)
            return registry;
        var cut = reference.IndexOf(':', StringComparison.Ordinal);
        return cut < 0 ? (null, reference) : (reference[..cut], reference[(cut + 1)..]);
    }

    /// <summary>
    /// A remote of the user's; else a registry by its host: the user's own remote for it, which knows who may fetch, or just
    /// its address. Null where it is neither.
    /// </summary>
    public static IncusRemote? Find(ClientConfiguration configuration, string name)
    {
        if (configuration.Remotes.TryGetValue(name, out var remote))
            return remote;
        if (name.AsSpan().IndexOfAny('.', ':') < 0 && name != "localhost")
            return null;
        var address = $"https://{name}";
        var authority = Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.Authority : name;
        return configuration.Remotes.Values.FirstOrDefault(known => known.Protocol == "oci" && known.Addresses.Any(own => Uri.TryCreate(own, UriKind.Absolute, out var at) && at.Scheme == "https" && at.Authority == authority && at.AbsolutePath == "/"))
            ?? new IncusRemote { Name = name, Addresses = [address], Protocol = "oci", Public = true };
    }
}
